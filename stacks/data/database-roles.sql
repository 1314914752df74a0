-- The roles that the CRM and the backup agent connect as. Run once as the master user, in the CRM's
-- database; run again, it changes nothing. All sign in by IAM or by SCRAM over TLS.

-- The group that pgaudit watches objects for; it owns nothing and nobody is in it.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_pgaudit') THEN
    CREATE ROLE rds_pgaudit NOLOGIN;
  END IF;
END $$;
CREATE EXTENSION IF NOT EXISTS pgaudit;

-- The CRM: reads and writes its rows; owns no table, so it can neither change nor drop one.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'crm_app') THEN
    CREATE ROLE crm_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT;
  END IF;
END $$;
GRANT rds_iam TO crm_app;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO crm_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO crm_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO crm_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO crm_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO crm_app;

-- The backup agent: replication and read, nothing else. A dump takes longer than a query may.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'holdfast_backup') THEN
    CREATE ROLE holdfast_backup LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT;
  END IF;
END $$;
GRANT rds_iam, rds_replication, pg_read_all_data TO holdfast_backup;
ALTER ROLE holdfast_backup SET statement_timeout = 0;
ALTER ROLE holdfast_backup SET idle_in_transaction_session_timeout = 0;
