import { remove, set } from './mutations.ts';

const trail = 'aws_cloudtrail';

/** What somebody gets wrong in the audit stack. */
export const audit = [
  set('cloudtrail-all-regions', trail, 'is_multi_region_trail', false),
  set('cloudtrail-validated', trail, 'enable_log_file_validation', false),
  set('cloudtrail-customer-key', trail, 'kms_key_id', undefined),
  set('cloudtrail-to-cloudwatch', trail, 'cloud_watch_logs_group_arn', undefined),
  set('cloudtrail-records', trail, 'enable_logging', false),
  set('cloudtrail-announces', trail, 'sns_topic_name', undefined),
  set('cloudtrail-data-events', trail, 'advanced_event_selector', undefined),
  remove('account-activity-alarms', 'aws_cloudwatch_log_metric_filter', /trail-changes/),
  set('config-records-everything', 'aws_config_configuration_recorder_status', 'is_enabled', false),
  set(
    'config-aggregates-all-regions',
    'aws_config_configuration_aggregator',
    'account_aggregation_source.all_regions',
    false,
  ),
  remove('guardduty-enabled', 'aws_guardduty_detector'),
  remove('securityhub-enabled', 'aws_securityhub_account'),
  remove('inspector-enabled', 'aws_inspector2_enabler'),
  remove('macie-enabled', 'aws_macie2_account'),
];
