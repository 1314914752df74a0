import type { Control } from '../engine/rule.ts';

type Controls = (...ids: readonly string[]) => Control[];

function framework(name: string, version: string): Controls {
  return (...ids) => ids.map((id) => ({ framework: name, version, id }));
}

/** AWS Foundational Security Best Practices, as Security Hub numbers them. */
export const afsbp = framework('AWS-Foundational-Security-Best-Practices', '');
/** AWS Well-Architected Framework, security pillar. */
export const wellArchitected = framework('AWS-Well-Architected-Framework-Security-Pillar', '');
/** CIS Amazon Web Services Foundations Benchmark 6.0. */
export const cis = framework('CIS', '6.0');
/** NIST SP 800-53 revision 5. */
export const nist80053 = framework('NIST-800-53', '5');
/** HIPAA Security Rule, 45 CFR part 164. */
export const hipaa = framework('HIPAA', '');
/** PCI DSS 3.2.1. */
export const pci = framework('PCI-DSS', '3.2.1');
/** ISO/IEC 27001:2022, annex A. */
export const iso27001 = framework('ISO27001', '2022');
/** Regulation (EU) 2016/679. */
export const gdpr = framework('GDPR', '');
/** AICPA trust services criteria. */
export const soc2 = framework('SOC2', '');
