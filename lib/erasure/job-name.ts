export const ERASURE = 'erasure';
