# Every version that was ever released can be updated: what comes of it is what
# CREATE EXTENSION makes, and tables, their rows and writes outlive it.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(zones => 2, services => 4, logs => 10, import => 0);
my $default = $t->sql(q{SELECT extversion FROM pg_extension WHERE extname = 'dbaas_fdw'});

# Those that a script makes or starts from
my %known = map { /--([\d.]+)(?:--[\d.]+)?\.sql$/ ? ($1 => 1) : () }
  glob "$ENV{TESTDIR}/sql/dbaas_fdw--*.sql";
my @older = sort grep { $_ ne $default } keys %known;

cmp_ok(scalar @older, '>', 0, 'there are older versions');
like(
	$t->sql('SELECT dbaas_fdw_version()'),
	qr/^dbaas_fdw \Q$default\E,/,
	'the library is of the default version');
like(
	slurp("$ENV{TESTDIR}/CHANGELOG.md"),
	qr/\A# Changelog\n\n## \Q$default\E\b/,
	'and so does the changelog begin');

# Whatever belongs to the extension, as SQL shows it
my $shown = q{
	SELECT concat_ws(E'\n', o.type, o.identity,
		(SELECT pg_get_functiondef(p.oid) || coalesce(p.proacl::text, 'default') ||
			p.proowner::regrole
		 FROM pg_proc p WHERE p.oid = d.objid AND d.classid = 'pg_proc'::regclass),
		(SELECT w.fdwhandler::regproc || ' ' || w.fdwvalidator::regproc || ' ' ||
			coalesce(w.fdwacl::text, 'default')
		 FROM pg_foreign_data_wrapper w WHERE w.oid = d.objid
		 	AND d.classid = 'pg_foreign_data_wrapper'::regclass),
		(SELECT pg_get_viewdef(c.oid) || coalesce(c.relacl::text, 'default')
		 FROM pg_class c WHERE c.oid = d.objid AND d.classid = 'pg_class'::regclass),
		(SELECT i.initprivs FROM pg_init_privs i WHERE i.objoid = d.objid
			AND i.classoid = d.classid),
		obj_description(d.objid, d.classid::regclass::name))
	FROM pg_depend d
	CROSS JOIN pg_identify_object(d.classid, d.objid, d.objsubid) o
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dbaas_fdw')
	ORDER BY o.type, o.identity};
my $fresh = $t->sql($shown);
like($fresh, qr/dbaas_fdw_handler/, 'a fresh extension has objects');
is( $t->sql(
		q{SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p JOIN pg_depend d
		ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
	WHERE p.proname !~ '_(handler|validator)$' AND d.refclassid = 'pg_extension'::regclass
	  AND obj_description(p.oid, 'pg_proc') IS NULL}),
	'',
	'every function has a comment');
$t->sql('DROP EXTENSION dbaas_fdw');

# What an import makes, in whatever order
my $imported = q{
	SELECT relname, ftoptions, string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod),
		attfdwoptions), ', ' ORDER BY attname)
	FROM pg_foreign_table JOIN pg_class c ON c.oid = ftrelid JOIN pg_attribute ON attrelid = c.oid
		AND attnum > 0 AND NOT attisdropped
	WHERE relnamespace = 'exo'::regnamespace GROUP BY relname, ftoptions ORDER BY relname};

foreach my $version (@older)
{
	$t->sql("CREATE EXTENSION dbaas_fdw VERSION '$version'");
	$t->create_server;
	my $session = $t->session;
	is($session->sql(q{SELECT extversion FROM pg_extension WHERE extname = 'dbaas_fdw'}),
		$version, "$version is installed");

	# The library is the new one already
	is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 8, "$version reads");
	foreach my $call (
		split /\n/,
		$session->sql(
			q{
		SELECT format('SELECT count(*) FROM %s(%s) AS f', p.oid::regproc,
			CASE p.proname WHEN 'dbaas_fdw_disconnect' THEN $$'exoscale'$$
				WHEN 'dbaas_fdw_comment' THEN $$'exo'$$
				WHEN 'dbaas_fdw_views' THEN $$'exo'$$ WHEN 'dbaas_fdw_complete' THEN $$'exo'$$
					ELSE '' END)
		FROM pg_proc p WHERE p.proname ~ '^dbaas_fdw_' AND p.proname !~ '_(handler|validator)$'
			ORDER BY 1}
		))
	{
		cmp_ok($session->sql($call), '>=', 1, "$version has $call");
	}

	# As this version's import made them: without what came later
	my $whole = $session->sql($imported);
	$session->sql(
			'DROP FOREIGN TABLE exo.dbaas_zones; ALTER FOREIGN TABLE exo.dbaas_services DROP '
		  . 'COLUMN parameters');

	$session->sql('ALTER EXTENSION dbaas_fdw UPDATE');
	is($session->sql($shown), $fresh, "what $version is updated to is what CREATE EXTENSION makes");
	is($session->sql('SELECT count(*) FROM exo.dbaas_services'),
		8, 'its tables are there, and read');
	like(
		$session->sql(q{SELECT dbaas_fdw_complete('exo')}),
		qr/^dbaas_services\.parameters\ndbaas_zones(?:\ndbaas_\w+)*$/,
		'what its schema lacks is made');
	is($session->sql($imported), $whole, 'and then it has what an import makes');
	is($session->sql(q{SELECT dbaas_fdw_complete('exo')}), '', 'all of it');
	is($session->sql('SELECT count(*), count(parameters) FROM exo.dbaas_services'),
		'8|0', 'in the same session');
	is($session->sql('SELECT count(*) FROM exo.dbaas_zones'), 2, 'too');
	$session->sql(
		q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003'});
	is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 7, 'and are written');
	is($t->sql(q{SELECT count(*) FROM exo.dbaas_services WHERE name = 'kafka-1-0003'}),
		0, 'as a new session sees too');
	$t->sql('DROP EXTENSION dbaas_fdw CASCADE');
	$t->sim->reset;
}

sub slurp
{
	my ($name) = @_;
	open my $file, '<', $name or die "$name: $!";
	local $/;
	return <$file>;
}

done_testing();
