import { z } from 'zod';
import type { Fields, Value } from './value.ts';

const value: z.ZodType<Value> = z.json();
const fields: z.ZodType<Fields> = z.record(z.string(), value);

export interface StateModule {
  readonly resources?: readonly StateResource[] | undefined;
  readonly child_modules?: readonly StateModule[] | undefined;
}
const stateResource = z.looseObject({
  address: z.string(),
  mode: z.enum(['managed', 'data']),
  type: z.string(),
  name: z.string(),
  provider_name: z.string().optional(),
  values: fields.optional(),
});
export type StateResource = z.infer<typeof stateResource>;
const stateModule: z.ZodType<StateModule> = z.looseObject({
  resources: z.array(stateResource).optional(),
  get child_modules() {
    return z.array(stateModule).optional();
  },
});
const state = z.looseObject({ root_module: stateModule });

export interface ConfiguredModule {
  readonly resources?: readonly ConfiguredResource[] | undefined;
  readonly module_calls?: Readonly<Record<string, ModuleCall>> | undefined;
  readonly outputs?:
    | Readonly<Record<string, { readonly expression?: Value | undefined }>>
    | undefined;
}
interface ModuleCall {
  readonly expressions?: Fields | undefined;
  readonly module?: ConfiguredModule | undefined;
}
const configuredResource = z.looseObject({
  address: z.string(),
  provider_config_key: z.string().optional(),
  expressions: fields.optional(),
});
export type ConfiguredResource = z.infer<typeof configuredResource>;
const configuredModule: z.ZodType<ConfiguredModule> = z.looseObject({
  resources: z.array(configuredResource).optional(),
  get module_calls() {
    return z
      .record(
        z.string(),
        z.looseObject({ expressions: fields.optional(), module: configuredModule.optional() }),
      )
      .optional();
  },
  outputs: z.record(z.string(), z.looseObject({ expression: value.optional() })).optional(),
});

/** `terraform show -json` of a plan or a state (developer.hashicorp.com/terraform/internals/json-format). */
export const terraformPlan = z.looseObject({
  format_version: z.string(),
  planned_values: state.optional(),
  values: state.optional(),
  prior_state: z.looseObject({ values: state.optional() }).optional(),
  resource_changes: z
    .array(
      z.looseObject({
        address: z.string(),
        change: z.looseObject({ after_unknown: value.optional() }),
      }),
    )
    .optional(),
  configuration: z
    .looseObject({
      root_module: configuredModule.optional(),
      provider_config: z
        .record(z.string(), z.looseObject({ expressions: fields.optional() }))
        .optional(),
    })
    .optional(),
});
export type TerraformPlan = z.infer<typeof terraformPlan>;
