/** What the agent takes from its surroundings; read once, here, and passed on. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly configFile: string | undefined;
  /** https://no-color.org, and TERM=dumb. */
  readonly plainOutput: boolean;
}

export function readEnvironment(): Environment {
  const variables = { ...process.env };
  return {
    variables,
    configFile: variables['HOLDFAST_CONFIG'],
    plainOutput: Boolean(variables['NO_COLOR']) || variables['TERM'] === 'dumb',
  };
}
