import { storageConformance } from '../conformance/storage.ts';
import { localSubject } from './subjects.ts';

storageConformance('local storage', () => localSubject());
