import { storageConformance } from '../conformance/storage.ts';
import { s3Subject } from './subjects.ts';

storageConformance('S3 storage in a plain bucket', () => s3Subject('plain'), {
  longListing: false,
});
storageConformance('S3 storage in a bucket with versions and locks', () => s3Subject('locked'));
