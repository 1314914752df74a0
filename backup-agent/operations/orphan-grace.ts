/**
 * Nothing that was added to within this time is an orphan: its writer may still be at work, or a
 * later run go on in it.
 */
export const orphanGraceMs = 24 * 3_600_000;
