export interface Money {
  readonly cents: number;
}
