# The documentation, README.md and doc/: its lists are the extension's own, its SQL runs, and what
# it quotes is there.  Its links are in test/check-docs, the pages for developers in
# 191_internals.pl.
use strict;
use warnings;

use DbaasDocs qw(pages read_lines blocks chapter);
use DbaasSim;
use DbaasTest;
use IPC::Run   ();
use JSON::PP   ();
use List::Util qw(pairmap);
use PostgreSQL::Test::Utils;
use Test::More;

my $t = DbaasTest->new(services => 20, logs => 1200, import => 0);
my $node = $t->node;
my ($key, $secret) = ($t->sim->key, $t->sim->secret);
my $secret_file = $node->basedir . '/secret';
append_to_file($secret_file, "$secret\n");

my %lines = map { ($_ => [ read_lines($_) ]) } pages();
my %text = map { ($_ => join("\n", @{ $lines{$_} }) . "\n") } keys %lines;
my $all = join "\n", map { $text{$_} } pages();

my @sources = map { s{^\Q$ENV{TESTDIR}\E/}{}r } glob "$ENV{TESTDIR}/src/*/*.[ch]";
my $code = join '', map { join("\n", read_lines($_)) . "\n" } @sources, 'dbaas_fdw.c';

$t->sql('CREATE EXTENSION IF NOT EXISTS dbaas_fdw');
check_generated();
check_columns();
check_views();
check_options();
check_settings();
check_policies();
check_sql();
check_demo();
check_sqlstates();
check_messages();
check_explain();
check_names();
check_tests();
done_testing();

# A list in one string, for a readable difference
sub lines_of
{
	return join "\n", @_;
}

# psql, beside a simulator, as the scripts of the project expect it; returns what it printed
sub psql_beside
{
	my ($sim, $database, @files) = @_;
	local $ENV{DBAAS_SIM_ENDPOINT} = $sim->url;
	local $ENV{DBAAS_SIM_API_KEY} = $sim->key;
	local $ENV{DBAAS_SIM_API_SECRET} = $sim->secret;
	my ($out, $err) = ('', '');
	my @command = ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database));
	IPC::Run::run([ @command, map { ('-f', "$ENV{TESTDIR}/$_") } @files ], '>', \$out, '2>', \$err)
	  or diag($err);
	return $out;
}

# The generated parts are as the generator writes them
sub check_generated
{
	my $facts = psql_beside($t->sim, 'postgres', 'doc/facts.sql');
	my ($pages, $error) = ('', '');
	IPC::Run::run([ "$ENV{TESTDIR}/doc/generate", '--check' ],
		'<', \$facts, '>', \$pages, '2>', \$error);
	is("$pages$error", '', 'the pages are as "make docs" writes them');
	return;
}

# Whatever the generator does: each column is there, as what it is
sub check_columns
{
	my ($table, @columns);
	foreach my $line (@{ $lines{'doc/tables.md'} })
	{
		$table = $1 if $line =~ /^##+ (.*)/;
		push @columns, join '|', $table, $1, $2, $3, $4
		  if defined $table
		  and $table =~ /^dbaas_/
		  and $line =~ /^\| `(\w+)` \| (.*?) \|\s*(.*?)\s*\| [^|]*\| (.*?) \|$/;
	}
	is( lines_of(@columns),
		$t->sql(
			q{
		SELECT concat_ws('|', table_name, column_name, data_type,
			CASE WHEN required THEN 'required key'
				WHEN array_to_string(reads, ' ') LIKE '%{' || param || '}%' THEN 'key'
				WHEN coalesce(param, default_value) IS NOT NULL THEN 'parameter'
				WHEN column_name = 'zone' AND resource <> 'zones' AND reads <> '{}' THEN 'key'
				ELSE '' END, description)
		FROM dbaas_fdw_catalogue() WITH ORDINALITY AS c
		ORDER BY ordinality}),
		'the columns are those of the catalogue');
	return;
}

# The views are listed, as what they are
sub check_views
{
	$t->create_server;
	my @views = chapter('Views', @{ $lines{'doc/tables.md'} }) =~ /^\| `(\w+)` \| (.*?) \|/mg;
	is( lines_of(pairmap { "$a|$b" } @views),
		$t->sql(
			q{
		CREATE TEMP TABLE made AS
			SELECT name, n FROM dbaas_fdw_views('exo') WITH ORDINALITY AS v (name, n);
		SELECT name, obj_description(format('exo.%I', name)::regclass, 'pg_class')
		FROM made ORDER BY n}),
		'the views are those that dbaas_fdw_views() makes');
	$t->sql('DROP SERVER exoscale CASCADE; DROP SCHEMA exo CASCADE');
	return;
}

sub check_options
{
	my @options;
	foreach my $place ('server', 'user mapping', 'table', 'column')
	{
		foreach my $line (split /\n/, chapter("Options of a $place", @{ $lines{'doc/options.md'} }))
		{
			push @options, "$1|$place|$2|$3" if $line =~ /^\| `(\w+)` \| `?(.*?)`? ?\| (.*) \|$/;
		}
	}
	my @known = split /\n/, $t->sql(
		q{
		SELECT concat_ws('|', name, place, coalesce(default_value, ''), description)
		FROM dbaas_fdw_options()});
	is(lines_of(sort @options), lines_of(sort @known), 'the options are those that there are');
	return;
}

# The settings, and the functions but for the wrapper's own two
sub check_settings
{
	my $page = $text{'doc/options.md'};
	my %setting = map { ($_ => 1) } $code =~ /\{PREFIX "\.(\w+)"/g;
	is( lines_of(sort $page =~ /^\| `dbaas_fdw\.(\w+)` \|/mg),
		lines_of(sort keys %setting),
		'the settings are those that there are');

	my @named = $all =~ /`?dbaas_fdw\.(?![ch]\b|control)(\w+)/g;
	is(join(' ', grep { !$setting{$_} && $_ ne 'dryrun' } @named),
		'', 'and no others are named but one that is mistyped');

	is( lines_of(sort $page =~ /^\| `(dbaas_fdw_\w+)\(.*\)` \|/mg),
		$t->sql(
			q{
		SELECT proname FROM pg_proc
		WHERE proname ~ '^dbaas_fdw_' AND proname !~ '_(handler|validator)$'
		ORDER BY proname COLLATE "C"}),
		'the functions are those of the extension');
	return;
}

# The policies of the key's role are JSON, and allow what reads and writes need
sub check_policies
{
	my @policies = map { JSON::PP::decode_json($_->{text}) }
	  map { blocks('json', @{ $lines{$_} }) } 'README.md', 'doc/recipes.md';
	my @rules = map { $_->{services} ? @{ $_->{services}{dbaas}{rules} } : $_ } @policies;
	is(scalar(grep { $_->{action} eq 'allow' } @rules), 2, 'a policy to read, and one to write');

  SKIP:
	{
		my $openapi = '../shared/api/openapi-dbaas.json';
		skip 'no OpenAPI document', 2 unless -r "$ENV{TESTDIR}/$openapi";
		my $paths = JSON::PP::decode_json(join "\n", read_lines($openapi))->{paths};

		my @reads = map { operation($paths, $_) } split /\n/, $t->sql(
			q{
			SELECT DISTINCT r FROM dbaas_fdw_catalogue(), unnest(reads) AS r});
		is(join(' ', grep { !/^(list|get)-/ } @reads), '',
			'what is read is what the policy allows');

		my %writes = map { (operation($paths, $_) => 1) } split /\n/, $t->sql(
			q{
			SELECT DISTINCT concat_ws(' ', w->>'method', w->>'path')
			FROM dbaas_fdw_catalogue(), jsonb_path_query(writes, '$.*[*]') AS w
			WHERE w->'serviceTypes' IS NULL OR w->'serviceTypes' ? 'pg'});
		is( lines_of(sort $rules[1]{expression} =~ /'([^']*)'/g),
			lines_of(sort keys %writes),
			'and what is written is what the other one names');
	}
	return;
}

# The operationId of "METHOD PATH", where names of parameters may differ: that of the first type of
# service which has the path
sub operation
{
	my ($paths, $request) = @_;
	foreach my $segment (qw(postgres mysql kafka opensearch valkey clickhouse))
	{
		my ($method, $path) = split ' ', $request;
		$path =~ s/external-endpoint-\K\{type\}/datadog/;
		$path =~ s/\{service-type\}|\{type\}(?=\/)/$segment/;
		$path =~ s/-\{type\}/-pg/;
		my $same = join '\{[^{}]+\}', map { quotemeta } split /\{[^{}]+\}/, $path, -1;
		my ($found) = grep { /^$same$/ && $paths->{$_}{ lc $method } } sort keys %$paths;
		return $paths->{$found}{ lc $method }{operationId} if defined $found;
	}
	return "none for $request";
}

# All SQL of a page runs in one session, as a reader would type it, in a database where README's
# five statements have run; README's own where none have
sub check_sql
{
	my @readme = blocks('sql', @{ $lines{'README.md'} });
	my ($setup) = grep { $_->{text} =~ /^CREATE EXTENSION/ } @readme;
	is(scalar(() = $setup->{text} =~ /;$/mg), 5, 'five statements set it up');

	my %role = map { ($_ => 1) } split /\n/, $t->sql('SELECT rolname FROM pg_roles');
	my $ran = 0;
	foreach my $page (pages())
	{
		my @blocks = blocks('sql', @{ $lines{$page} }) or next;
		my $database = lc $page =~ s/\W/_/gr;
		# pg_cron is not here: what it is told to run is run after the block
		my $script = "CREATE SCHEMA cron;
			CREATE TABLE cron.job (command text);
			CREATE FUNCTION cron.schedule(name text, schedule text, command text) RETURNS bigint
			LANGUAGE sql AS 'INSERT INTO cron.job VALUES (command) RETURNING 1';\n";
		$script .= pointed($setup->{text}) if $page ne 'README.md';
		foreach my $block (@blocks)
		{
			$script .= pointed($block->{text}) . "\n";
			$script .= "DELETE FROM cron.job RETURNING command \\gexec\n"
			  if $block->{text} =~ /cron\.schedule/;
			$script .= "\\echo ran line $block->{line}\n";
		}

		$t->sql("CREATE DATABASE $database TEMPLATE template0");
		my ($status, $stdout, $stderr) = $node->psql(
			$database, $script,
			on_error_stop => 1,
			extra_params => [ '-v', 'HISTFILE=/dev/null' ]);
		foreach my $line (map { $_->{line} } @blocks)
		{
			ok($stdout =~ /^ran line $line$/m, "$page: the SQL at line $line runs");
		}
		is($status, 0, "$page: all of it") or diag($stderr);
		check_follow($database, @blocks) if $page eq 'doc/recipes.md';
		$ran += @blocks;

		$t->sql("DROP DATABASE $database");
		my @made = grep { !$role{$_} } split /\n/, $t->sql('SELECT rolname FROM pg_roles');
		$t->sql(join '', map { "DROP ROLE $_;" } @made);
	}
	cmp_ok($ran, '>', 60, 'there is SQL to run');
	is(scalar(grep { $_->{method} eq 'DELETE' } $t->sim->requests),
		0, 'what it rolls back and what it tries dry is not sent');
	return;
}

# SQL that names the simulator, its key, and a file that there is
sub pointed
{
	my ($sql) = @_;
	my $endpoint = $t->sim->url;
	$sql =~ s{(CREATE SERVER \w+ FOREIGN DATA WRAPPER dbaas_fdw)(.*?;)}
		{$1 . at_simulator($2, $endpoint)}gse;
	$sql =~ s/api_key '[^']*'/api_key '$key'/g;
	$sql =~ s/api_secret '[^']*'/api_secret '$secret'/g;
	$sql =~ s/api_secret_file '[^']*'/api_secret_file '$secret_file'/g;
	return $sql;
}

# The rest of a CREATE SERVER, with the simulator's endpoint
sub at_simulator
{
	my ($rest, $endpoint) = @_;
	return $rest if $rest =~ s/endpoint '[^']*'/endpoint '$endpoint'/;
	return $rest if $rest =~ s/OPTIONS \(/OPTIONS (endpoint '$endpoint', /;
	return " OPTIONS (endpoint '$endpoint')$rest";
}

# Following a log: nothing at first, and then what is new
sub check_follow
{
	my ($database, @blocks) = @_;
	my ($begin, $follow) = map { $_->{text} } grep { $_->{text} =~ /log_offset/ } @blocks;
	my $of = "\\set zone ch-gva-2\n\\set service pg-1-0001\n";
	my $cursor = $node->safe_psql($database, "$of$begin\\echo :cursor\n");
	my $since = sub {
		return split /\n/, $node->safe_psql($database, "$of\\set cursor $_[0]\n$follow");
	};
	is_deeply([ $since->($cursor) ], [], 'nothing new is logged, nothing is shown');
	$t->sim->append_logs('ch-gva-2', 'pg-1-0001', 3);
	my @shown = $since->($cursor);
	is(scalar(@shown), 3, 'what is logged since is shown');
	is_deeply([ $since->((split /\|/, $shown[-1])[-1]) ], [], 'and not once more');
	return;
}

# README begins with what the demo prints
sub check_demo
{
	my $sim = DbaasSim->start(zones => 3, services => 4, logs => 5000, seed => 1);
	$t->sql('CREATE DATABASE demo TEMPLATE template0');
	my $printed = psql_beside($sim, 'demo', 'examples/setup.sql', 'examples/demo.sql');
	my %printed = map { (s/\s+$//r => 1) } split /\n/, $printed;
	my ($first) = $text{'README.md'} =~ /\A(.*?)^## /ms;
	my @shown = map { split /\n/, $_->{text} } blocks('text', split /\n/, $first);
	is(lines_of(grep { !$printed{$_} && $_ ne ' ...' && $_ ne '' } @shown),
		'', 'README shows what the demo prints');
	return;
}

sub check_sqlstates
{
	chomp(my $includes = `"$ENV{PG_CONFIG}" --includedir-server`);
	my %sqlstate =
	  slurp_file("$includes/utils/errcodes.h") =~ /^#define (ERRCODE_\w+) MAKE_SQLSTATE\((.*)\)/mg;
	s/[', ]//g foreach values %sqlstate;
	my %raised = map { ($_ => 1) } grep { defined } @sqlstate{ $code =~ /\b(ERRCODE_\w+)/g };
	# What is not an error of its own: out of memory, a warning, what is looked
	# for in errors of others
	delete @raised{qw(01000 22000 22P05 23000 3F000 42000 53200 HV001 HV00R XX000)};
	# What PostgreSQL raises where the wrapper waits
	$raised{57014} = 1;
	my @listed = $text{'doc/errors.md'} =~ /^\| ([0-9A-Z]{5}) \|/mg;
	is(lines_of(@listed), lines_of(sort keys %raised), 'the SQLSTATEs are those that are raised');
	return;
}

# The messages are those of the source, with … for each conversion such as %s, and for what is
# put before them
sub check_messages
{
	my $plain = $code =~ s{/\*.*?\*/}{}gsr =~ s/'\\?"'//gr;
	my $literal = qr/"(?:[^"\\\n]|\\.)*"/;
	my @strings = $plain =~ /($literal(?:\s*(?:INT64_FORMAT\s*)?$literal)*)/g;
	my $strings = join "\n", map { s/(?<!\\)"\s*(?:INT64_FORMAT\s*)?"//gr =~ s/\\"/"/gr } @strings;
	# Those of the history are raised in SQL
	$strings .= join "\n", '', map { s/'\s*'//gr } map { join "\n", read_lines($_) }
	  map { "sql/history$_.sql" } '', '_collect', '_views';

	my @messages = chapter('By message', @{ $lines{'doc/errors.md'} }) =~ /^\| `(.*?)` \|/mg;
	cmp_ok(scalar @messages, '>', 20, 'there are messages');
	foreach my $message (@messages)
	{
		my @parts = map { quotemeta } split /…|403|404|429| (?=for server)/, $message;
		s/^\\ (?=\w)// foreach @parts;
		my $whole = join '[^\n]*?', @parts;
		# Some are put together: then each part is somewhere
		s/^(?:\\\W)+|(?:\\\W)+$//g foreach @parts;
		ok($strings =~ /$whole/ || !(grep { $_ ne '' && $strings !~ /$_/ } @parts),
			"it says: $message");
	}
	return;
}

sub check_explain
{
	my $page = chapter('Seeing it with EXPLAIN', @{ $lines{'doc/sending.md'} });
	my ($table) = $page =~ /^(\| line .*?)\n\n/ms;
	foreach my $name (map { /^\| (.*?) \|/ ? $1 =~ /`([^`:]*)/g : () } split /\n/, $table)
	{
		ok($code =~ /"\Q$name\E"/, "EXPLAIN says $name");
	}
	return;
}

# Functions of the source, targets of make, and packages
sub check_names
{
	while ($all =~ /`(\w+)\(\)`(?: in `(\S+?)`)?/g)
	{
		my ($function, $file) = ($1, $2);
		my @searched = $file // ();
		@searched = glob 'sql/history*.sql' unless defined $file;
		my $searched = join "\n", $file ? () : $code, map { read_lines($_) } @searched;
		ok($searched =~ /\b\Q$function\E\(/, "there is $function()" . ($file ? " in $file" : ''));
	}

	my $makefile = join("\n", read_lines('Makefile')) =~ s/\\\n\s*/ /gr;
	my @targets = map { split } $makefile =~ /^(?:FROM_NOTHING =|\.PHONY:) (.*)$/mg;
	my %target = map { ($_ => 1) } @targets, qw(install installcheck uninstall clean);
	is(join(' ', grep { !$target{$_} } $all =~ /(?:`|^    )make ([a-z][\w-]*)/mg),
		'', 'make has the targets');

	my $needs = join "\n", read_lines('test/install-deps');
	my @packages =
	  map { s/-\$major$//r } map { split ' ' } $needs =~ /^\tneed ["']?([a-z].*?)["']? [a-z]/mg;
	is(join(' ', grep { $text{'README.md'} !~ /(?<![\w-])\Q$_\E(?!\w)/ } @packages),
		'', 'the packages are those that are installed');
	return;
}

# What the pages say of tests: their numbers, scripts, and the settings of make's targets
sub check_tests
{
	my $promises =
	  chapter('What is promised, and what tests it', @{ $lines{'doc/reliability.md'} });
	my @numbers = map { /^\| [^|]+ \| ([\d, to]+) \|/ ? $1 =~ /\d+/g : () } split /\n/, $promises;
	cmp_ok(scalar @numbers, '>', 30, 'promises name their tests');
	my %test = map { m{/(\d+)_[^/]*$} ? ($1 => 1) : () } glob "$ENV{TESTDIR}/test/t/*.pl";
	is(join(' ', grep { !$test{$_} } @numbers), '', 'which there are');

	my @scripts = $all =~ m{^    (test/(?!fuzzers/files/)[\w/-]+)}mg;
	cmp_ok(scalar @scripts, '>', 3, 'the pages call scripts');
	is(join(' ', grep { !-e "$ENV{TESTDIR}/$_" } @scripts), '', 'which there are');

	my @files =
	  grep { -f } glob "$ENV{TESTDIR}/{Makefile,bench/*,test/*,test/lib/*.pm,test/t/*.pl}";
	my $machines = join "\n", map { read_lines(s{^\Q$ENV{TESTDIR}\E/}{}r) } @files;
	my ($targets) = $text{'CONTRIBUTING.md'} =~ /^(\| target \| .*?)\n\n/ms;
	my %setting = map { ($_ => 1) } $targets =~ /`([A-Z_]+)=/g;
	cmp_ok(scalar keys %setting, '>', 10, 'the targets have settings');
	is(join(' ', grep { $machines !~ /\$(?:ENV)?[({]*$_\b/ } sort keys %setting),
		'', 'which something reads');
	return;
}
