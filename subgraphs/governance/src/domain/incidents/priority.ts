// Priority = impact x urgency, the common ITIL template, as data.
export const levels = ['HIGH', 'MEDIUM', 'LOW'] as const;
export type Level = (typeof levels)[number];
export const priorities = ['P1', 'P2', 'P3', 'P4', 'P5'] as const;
export type Priority = (typeof priorities)[number];

export const priorityMatrix: Readonly<Record<Level, Readonly<Record<Level, Priority>>>> = {
  HIGH: { HIGH: 'P1', MEDIUM: 'P2', LOW: 'P3' },
  MEDIUM: { HIGH: 'P2', MEDIUM: 'P3', LOW: 'P4' },
  LOW: { HIGH: 'P3', MEDIUM: 'P4', LOW: 'P5' },
};

export const priorityOf = (impact: Level, urgency: Level): Priority => priorityMatrix[impact][urgency];
