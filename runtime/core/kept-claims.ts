/** The history of a job has the attempts of so many claims, on every store. */
export const keptClaims = 25;
