import { nist80053, iso27001, gdpr } from '../../controls/frameworks.ts';
import { storeTypes } from '../../analysis/storage.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const dataClassified: Rule = {
  id: 'data-classified',
  title: 'Whatever holds data says of which class it is',
  severity: 'error',
  rationale:
    'What is not classified gets the protection of nothing in particular, and is missed when somebody asks what is known of a person.',
  remediation:
    'Tag the resource with DataClassification personal, confidential, internal or public.',
  controls: [...nist80053('SI-12'), ...iso27001('A.5.12'), ...gdpr('article_30')],
  check: resource([...storeTypes, 'aws_backup_vault', 'aws_sqs_queue'], (store) => {
    const value = store.tags['DataClassification'];
    return requires(
      { DataClassification: value ?? null },
      'DataClassification',
      equals('personal', 'confidential', 'internal', 'public'),
    );
  }),
};
