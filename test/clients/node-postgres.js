// What a program with node-postgres does, one part for each name

const pg = require('pg');
const Cursor = require('pg-cursor');

const client = new pg.Client();

const insert = async () => {
  await client.query('BEGIN');
  for (const name of ['shop', 'wiki']) {
    const result = await client.query(
      'INSERT INTO exo.dbaas_databases (zone, service_name, name) VALUES ($1, $2, $3)',
      ['ch-gva-2', 'pg-1-0001', name]);
    console.log(result.rowCount);
  }
};

const parts = {
  parameters: async () => {
    const query = {
      name: 'services',
      text: 'SELECT s.name, s.created_at, d.ip_filter, d.settings' +
        ' FROM exo.dbaas_services s JOIN exo.dbaas_service_details d' +
        ' ON d.zone = s.zone AND d.service_name = s.name' +
        ' WHERE s.zone = $1 AND s.name = ANY ($2) ORDER BY s.name',
    };
    const {rows} = await client.query({...query, values: ['ch-gva-2', ['pg-1-0001']]});
    for (const r of rows)
      console.log(r.name, r.created_at.toISOString(), r.ip_filter.join(), typeof r.settings);
  },

  // Ten rows of a log, and no more
  cursor: async () => {
    const cursor = client.query(new Cursor(
      'SELECT time, message FROM exo.dbaas_logs WHERE zone = $1 AND service_name = $2' +
      ' ORDER BY time DESC', ['ch-gva-2', 'pg-1-0001']));
    const rows = await cursor.read(10);
    console.log(rows.length, rows[0].time > rows[9].time);
    await cursor.close();
  },

  commit: async () => {
    await insert();
    await client.query('COMMIT');
  },

  rollback: async () => {
    await insert();
    await client.query('ROLLBACK');
  },

  error: async () => {
    try {
      await client.query('SELECT * FROM exo.dbaas_operations');
    } catch (e) {
      console.log(e.code);
      console.log(e.message);
      console.log(e.hint);
      console.log(e.table);
    }
  },
};

(async () => {
  await client.connect();
  await parts[process.argv[2]]();
  await client.end();
})();
