-- What a team does in a moment: some of everything, spread over the tables.
INSERT INTO crm.activities (contact_id, user_id, kind, subject, happened_at)
SELECT 1 + n % 60000, 1 + n % 200, 'email', 'Sent the revised offer 报价 ' || n, now()
FROM generate_series(1, 1500) AS n;

UPDATE crm.deals SET stage = 'won', amount = amount + 100 WHERE id % 40 = 1;
UPDATE crm.contacts SET tags = array_append(tags, 'called'), updated_at = now() WHERE id % 60 = 7;
DELETE FROM crm.notes WHERE id % 50 = 3;
UPDATE crm.accounts SET custom = custom || '{"reviewed": true}' WHERE id % 30 = 0;
INSERT INTO crm.deals (id, account_id, title, stage, amount, currency)
SELECT 20000 + n, 1 + n, '新商机 ' || n, 'lead', n * 10, 'CNY' FROM generate_series(1, 50) AS n;
