/**
 * The only door to the CDKTF library, which is archived: its fork keeps the file formats, so that a
 * switch is a change of this file alone.
 */
export {
  App,
  Aspects,
  Fn,
  LocalBackend,
  S3Backend,
  TerraformElement,
  TerraformOutput,
  TerraformResource,
  TerraformStack,
} from 'cdktf';
export type { IAspect, TerraformProvider } from 'cdktf';
