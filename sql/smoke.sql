-- The least that must work: create everything, and read one row of each zone
\i test/connect.psql

SELECT count(*) FROM exo.dbaas_zones;
SELECT count(DISTINCT zone) FROM exo.dbaas_services;
