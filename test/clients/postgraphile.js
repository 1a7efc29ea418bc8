// What PostGraphile makes of the schema exo, one part for each name

const {Pool} = require('pg');
const {graphql} = require('graphql');
const {createPostGraphileSchema, withPostGraphileContext} = require('postgraphile');

const pool = new Pool();

const queries = {
  condition: `{
    allDbaasServices(condition: {zone: "ch-gva-2", type: "pg"}, orderBy: NAME_ASC, first: 2) {
      nodes { name plan }
    }
  }`,

  key: `{
    dbaasServiceByZoneAndName(zone: "ch-gva-2", name: "pg-1-0001") { name plan }
  }`,

  mutation: `mutation {
    updateDbaasServiceByZoneAndName(input: {
      zone: "ch-gva-2", name: "kafka-1-0003", dbaasServicePatch: {terminationProtection: true}
    }) {
      dbaasService { name terminationProtection }
    }
  }`,

  error: '{ allDbaasOperations(first: 1) { nodes { id } } }',
};

(async () => {
  const schema = await createPostGraphileSchema(pool, ['exo']);
  const part = process.argv[2];
  if (part === 'introspection') {
    const fields = Object.keys(schema.getQueryType().getFields());
    console.log(fields.filter(f => f.startsWith('allDbaas')).length > 20);
    console.log(fields.filter(f => f.startsWith('dbaasService')).join(' '));
  } else {
    const result = await withPostGraphileContext({pgPool: pool},
      context => graphql(schema, queries[part], null, context));
    if (result.errors)
      result.errors.forEach(e => console.log(e.originalError.code, e.message));
    else
      console.log(JSON.stringify(Object.values(result.data)[0]));
  }
  await pool.end();
})();
