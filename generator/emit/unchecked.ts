/**
 * Begins files of which the compiler needs no more than the types of what they export. To check the rest would take it as long as
 * an application with many jobs; the tests of the generator do it, with this line taken away.
 */
export const unchecked = "// @ts-nocheck: no types but those of what is exported\n";
