import { afsbp, nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import {
  type Statement,
  coversAction,
  isUnreadable,
  statementsOf,
} from '../../analysis/statements.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { display } from '../../engine/value.ts';
import { notApplicable, unknown, when } from '../../engine/verdict.ts';

const administers = ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'];

/** Use through a service that the condition names is not the principal's own. */
function usesDirectly(statement: Statement): boolean {
  return (
    statement.allows &&
    coversAction(statement, 'kms:Decrypt') &&
    !statement.conditions.some(({ key }) => /^kms:(viaservice|encryptioncontext)/i.test(key))
  );
}

function namesOf(statements: readonly Statement[]): Set<string> {
  return new Set(statements.flatMap(({ principals }) => principals.map(({ id }) => id)));
}

export const kmsSeparatedUsers: Rule = {
  id: 'kms-separated-users',
  title: 'No principal of a key both administers and uses it',
  severity: 'error',
  rationale: "Who may change a key's policy and decrypt with it answers to nobody.",
  remediation:
    'Give administration to one statement and use to another, limited by kms:ViaService or to other principals.',
  controls: [
    ...afsbp('KMS.5'),
    ...nist80053('AC-5b', 'SC-12'),
    ...iso27001('A.8.1'),
    ...soc2('cc_6_1'),
  ],
  check: resource(['aws_kms_key', 'aws_kms_key_policy'], (key) => {
    const expected = 'administration and use by different principals';
    const document = key.get('policy');
    if (isUnreadable(document)) return unknown('a policy that is only known after apply', expected);
    const statements = statementsOf(document);
    if (!statements) return notApplicable;
    const administrators = namesOf(
      statements.filter(
        (one) => one.allows && administers.some((action) => coversAction(one, action)),
      ),
    );
    const [both] = namesOf(statements.filter(usesDirectly)).intersection(administrators);
    return when(both === undefined, `${display(both)} administers and decrypts`, expected);
  }),
};
