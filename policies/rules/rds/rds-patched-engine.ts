import { nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { display, isKnown, textOf } from '../../engine/value.ts';
import { notApplicable, unknown, when } from '../../engine/verdict.ts';

const firstSafe: Readonly<Record<string, number>> = { '11': 12, '12': 7, '13': 3 };

function isSafe(version: string): boolean {
  const [major = '', minor] = version.split('.');
  return (
    Number(major) > 13 ||
    (minor !== undefined && Number(minor) >= (firstSafe[major] ?? Number.POSITIVE_INFINITY))
  );
}

export const rdsPatchedEngine: Rule = {
  id: 'rds-patched-engine',
  title: 'PostgreSQL runs a version whose foreign log reader is safe',
  severity: 'error',
  rationale:
    'In older versions the log_fdw extension lets a database user read files of the server.',
  remediation: 'Run 11.12, 12.7, 13.3 or anything later.',
  controls: [...nist80053('SI-2c'), ...hipaa('164.308(a)(5)(ii)(A)'), ...pci('6.2')],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database) => {
    const version = database.get('engine_version');
    if (!textOf(database.get('engine')).includes('postgres') || version === undefined)
      return notApplicable;
    return isKnown(version)
      ? when(
          isSafe(textOf(version)),
          `engine_version is ${textOf(version)}`,
          '11.12, 12.7, 13.3 or later',
        )
      : unknown(`engine_version is ${display(version)}`, '11.12, 12.7, 13.3 or later');
  }),
};
