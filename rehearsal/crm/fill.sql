-- Deterministic content: every value is a function of the row number. 236,000 rows.
INSERT INTO crm.users
SELECT n, 'user' || n || '@crm.example',
  (ARRAY['王芳', '李伟', '张敏', 'Alice Moore', 'Jürgen Groß', 'Zoë O''Brien'])[1 + n % 6] || ' ' || n,
  CASE WHEN n % 10 = 0 THEN ARRAY['sales', 'admin'] ELSE ARRAY['sales'] END,
  timestamptz '2024-01-01 00:00+00' + n * interval '3 hours'
FROM generate_series(1, 200) AS n;

INSERT INTO crm.accounts
SELECT n,
  (ARRAY['上海晨星贸易有限公司', '北京远航科技', 'Northwind Foundry', 'Blue "Harbor" & Sons', 'Łódź Textiles'])[1 + n % 5] || ' ' || n,
  (ARRAY['cn-east', 'cn-north', 'eu', 'us'])[1 + n % 4],
  1 + n % 200,
  CASE WHEN n % 7 = 0 THEN NULL ELSE (n * 7919 % 90000000) / 100.0 END,
  jsonb_build_object('industry', (ARRAY['制造', 'retail', 'health', '金融'])[1 + n % 4], 'score', n % 100,
    'sites', jsonb_build_array(n % 9, n % 11)),
  timestamptz '2024-02-01 00:00+00' + n * interval '17 minutes'
FROM generate_series(1, 6000) AS n;

INSERT INTO crm.contacts
SELECT n, 1 + n % 6000,
  (ARRAY['陈静', '刘洋', '赵磊', 'Maria Silva', 'Tom Baker', 'Anaïs Dupré'])[1 + n % 6] || ' ' || n,
  'contact' || n || '@mail.example',
  CASE WHEN n % 3 = 0 THEN '+86 138' || lpad((n * 37 % 100000000)::text, 8, '0') ELSE NULL END,
  CASE WHEN n % 4 = 0 THEN ARRAY['vip', '重要', E'back\\slash'] ELSE '{}' END,
  timestamptz '2025-01-01 00:00+00' + n * interval '7 minutes'
FROM generate_series(1, 60000) AS n;

INSERT INTO crm.deals (id, account_id, title, stage, amount, currency, expected_close)
SELECT n, 1 + n % 6000,
  (ARRAY['年度续约', 'Renewal', 'Pilot', '扩容项目'])[1 + n % 4] || ' #' || n,
  (enum_range(NULL::crm.deal_stage))[1 + n % 5],
  (n * 104729 % 50000000) / 100.0,
  (ARRAY['CNY', 'EUR', 'USD'])[1 + n % 3],
  CASE WHEN n % 5 = 4 THEN NULL ELSE date '2026-01-01' + n % 365 END
FROM generate_series(1, 20000) AS n;

INSERT INTO crm.activities (contact_id, user_id, kind, subject, happened_at, details)
SELECT 1 + n % 60000, 1 + n % 200, (enum_range(NULL::crm.activity_kind))[1 + n % 4],
  CASE WHEN n % 2 = 0 THEN '与客户讨论合同条款,第 ' || n || ' 次' ELSE E'Follow-up\tcall\nno. ' || n END,
  timestamptz '2025-06-01 00:00+00' + n * interval '90 seconds',
  CASE WHEN n % 3 = 0 THEN jsonb_build_object('minutes', n % 60, 'outcome', 'ok') END
FROM generate_series(1, 120000) AS n;

INSERT INTO crm.notes (deal_id, body, written_at)
SELECT 1 + n % 20000,
  repeat(CASE WHEN n % 2 = 0 THEN '客户希望在季度末之前签约。' ELSE 'Asked for a discount; will revert. ' END, 1 + n % 8),
  timestamptz '2025-09-01 00:00+00' + n * interval '4 minutes'
FROM generate_series(1, 30000) AS n;
