# The documentation, README.md and doc/: its lists are the extension's own, its SQL runs, what it
# quotes is there, and its links lead somewhere.  What doc/internals.md says is in 191_internals.pl.
use strict;
use warnings;

use DbaasDocs qw(pages read_lines anchor blocks chapter);
use DbaasSim;
use DbaasTest;
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $t = DbaasTest->new(services => 20, logs => 1200, import => 0);
my $endpoint = $t->sim->url;
my ($key, $secret) = ($t->sim->key, $t->sim->secret);

my %lines = map { ($_ => [ read_lines($_) ]) } pages();
my %text = map { ($_ => join("\n", @{ $lines{$_} }) . "\n") } keys %lines;
my $all = join "\n", map { $text{$_} } pages();
my @sources = map { s{^\Q$ENV{TESTDIR}\E/}{}r } glob "$ENV{TESTDIR}/src/*/*.[ch]";
my $code = join '', map { join("\n", read_lines($_)) . "\n" } @sources, 'dbaas_fdw.c';

# The generated parts
$t->sql('CREATE EXTENSION IF NOT EXISTS dbaas_fdw');
{
	local @ENV{qw(DBAAS_SIM_ENDPOINT DBAAS_SIM_API_KEY DBAAS_SIM_API_SECRET)} = ($endpoint, $key, $secret);
	my ($facts, $psql_error, $pages, $error) = ('', '', '', '');
	IPC::Run::run([ 'psql', '-X', '-qAt', '-v', 'ON_ERROR_STOP=1', '-d', $t->node->connstr('postgres'),
			'-f', "$ENV{TESTDIR}/doc/facts.sql" ], '>', \$facts, '2>', \$psql_error)
	  or diag($psql_error);
	IPC::Run::run([ "$ENV{TESTDIR}/doc/generate", '--check' ], '<', \$facts, '>', \$pages, '2>', \$error);
	is("$pages$error", '', 'the pages are as "make docs" writes them');
}

# And by themselves: every column is there, as what it is
my ($table, @columns);
foreach my $line (@{ $lines{'doc/tables.md'} })
{
	$table = $1 if $line =~ /^##+ (.*)/;
	push @columns, join '|', $table, $1, $2, $3, $4
	  if defined $table
	  and $table =~ /^dbaas_/
	  and $line =~ /^\| `(\w+)` \| (.*?) \|\s*(.*?)\s*\| [^|]*\| (.*?) \|$/;
}
my @catalogue = split /\n/, $t->sql(q{
	SELECT concat_ws('|', table_name, column_name, data_type,
		CASE WHEN required THEN 'required key'
			WHEN array_to_string(reads, ' ') LIKE '%{' || param || '}%' THEN 'key'
			WHEN param IS NOT NULL THEN 'parameter'
			WHEN column_name = 'zone' AND resource <> 'zones' THEN 'key'
			ELSE '' END, description)
	FROM dbaas_fdw_catalogue() WITH ORDINALITY AS c
	ORDER BY ordinality});
is(join("\n", @columns), join("\n", @catalogue), 'the columns are those of the catalogue');

my %place = ('server' => 'server', 'user mapping' => 'user mapping', 'table' => 'table', 'column' => 'column');
my @options;
foreach my $place (sort keys %place)
{
	push @options, map { /^\| `(\w+)` \| `?(.*?)`? ?\| (.*) \|$/ ? "$1|$place|$2|$3" : () } split /\n/,
	  chapter("Options of a $place", @{ $lines{'doc/options.md'} });
}
my @known = split /\n/, $t->sql(q{
	SELECT concat_ws('|', name, place, coalesce(default_value, ''), description)
	FROM dbaas_fdw_options()});
is(join("\n", sort @options), join("\n", sort @known), 'the options are those that there are');

# The functions, but for the wrapper's own two
my @functions = sort map { /^\| `(dbaas_fdw_\w+)\(.*\)` \|/ ? $1 : () } @{ $lines{'doc/options.md'} };
is(join("\n", @functions), $t->sql(q{SELECT proname FROM pg_proc WHERE proname ~ '^dbaas_fdw_'
	AND proname !~ '_(handler|validator)$' ORDER BY proname COLLATE "C"}), 'the functions are those of the extension');

my %setting = map { ($_ => 1) } $code =~ /\{PREFIX "\.(\w+)"/g;
my %listed = map { ($_ => 1) } $text{'doc/options.md'} =~ /^\| `dbaas_fdw\.(\w+)` \|/mg;
is(join(' ', sort keys %listed), join(' ', sort keys %setting), 'the settings are those that there are');
my %named = map { ($_ => 1) } grep { $_ ne 'dryrun' } $all =~ /`?dbaas_fdw\.(?![ch]\b|control)(\w+)/g;
is(join(' ', grep { !$setting{$_} } sort keys %named), '', 'and so are those that are named');

# The policies of the key's role are JSON, and allow what reads and writes need
my @policies = map { JSON::PP::decode_json($_->{text}) } map { blocks('json', @{ $lines{$_} }) } 'README.md', 'doc/recipes.md';
my @rules = map { $_->{services} ? @{ $_->{services}{dbaas}{rules} } : $_ } @policies;
is(scalar(grep { $_->{action} eq 'allow' } @rules), 2, 'a policy to read, and one to write');
SKIP:
{
	my $openapi = "$ENV{TESTDIR}/../shared/api/openapi-dbaas.json";
	skip 'no OpenAPI document', 2 unless -r $openapi;
	my $paths = JSON::PP::decode_json(join "\n", read_lines('../shared/api/openapi-dbaas.json'))->{paths};
	my $operation = sub {
		my ($method, $path) = split ' ', $_[0] =~ s/\{service-type\}|\{type\}(?=\/)/postgres/r =~ s/-\{type\}/-pg/r;
		my $same = join '\{[^{}]+\}', map { quotemeta } split /\{[^{}]+\}/, $path, -1;
		($path) = grep { /^$same$/ && $paths->{$_}{ lc $method } } sort keys %$paths;
		return !defined $path ? "none for $_[0]" : $paths->{$path}{ lc $method }{operationId} // "none for $_[0]";
	};
	my @reads = map { $operation->($_) } split /\n/, $t->sql(q{SELECT DISTINCT r FROM dbaas_fdw_catalogue(), unnest(reads) AS r});
	is(join(' ', grep { !/^(list|get)-/ } @reads), '', 'what is read is what the policy allows');
	my @writes = map { $operation->($_) } split /\n/, $t->sql(q{SELECT DISTINCT w FROM dbaas_fdw_catalogue(),
		unnest(ARRAY[insert, update, delete]) AS w WHERE w IS NOT NULL});
	is(join(' ', sort $rules[1]{expression} =~ /'([^']*)'/g), join(' ', sort keys %{ { map { ($_ => 1) } @writes } }), 'and what is written is what the other one names');
}

# All SQL of a page runs in one session, as a reader would type it, in a database where README's
# five statements have run; README's own where none have.  What names the real API, its keys or a
# file is made to name the simulator's.
my $secret_file = $t->node->basedir . '/secret';
append_to_file($secret_file, "$secret\n");

my @readme = blocks('sql', @{ $lines{'README.md'} });
my ($setup) = grep { $_->{text} =~ /^CREATE EXTENSION/ } @readme;
is(scalar(() = $setup->{text} =~ /;$/mg), 5, 'five statements set it up');
my @roles = split /\n/, $t->sql('SELECT rolname FROM pg_roles');
my $ran = 0;
foreach my $page (pages())
{
	my @blocks = blocks('sql', @{ $lines{$page} });
	next unless @blocks;
	my $database = lc $page =~ s/\W/_/gr;
	# pg_cron is not here: what it is told to run is run at once
	my $script = "CREATE SCHEMA cron;
		CREATE FUNCTION cron.schedule(name text, schedule text, command text) RETURNS bigint
		LANGUAGE plpgsql AS 'BEGIN EXECUTE command; RETURN 1; END';\n";
	$script .= pointed($setup->{text}) if $page ne 'README.md';
	$script .= pointed($_->{text}) . "\n\\echo ran line $_->{line}\n" foreach @blocks;
	$t->sql("CREATE DATABASE $database TEMPLATE template0");
	my ($status, $stdout, $stderr) = $t->node->psql($database, $script, on_error_stop => 1,
		extra_params => [ '-v', 'HISTFILE=/dev/null' ]);
	like($stdout, qr/^ran line $_->{line}$/m, "$page: the SQL at line $_->{line} runs") foreach @blocks;
	is($status, 0, "$page: all of it") or diag($stderr);
	$ran += @blocks;
	follow_log($database, @blocks) if $page eq 'doc/recipes.md';
	$t->sql("DROP DATABASE $database");
	$t->sql(join '', map { "DROP ROLE $_;" } grep { my $role = $_; !grep { $_ eq $role } @roles }
		  split /\n/, $t->sql('SELECT rolname FROM pg_roles'));
}
cmp_ok($ran, '>', 60, 'there is SQL to run');
is(scalar(grep { $_->{method} eq 'DELETE' } $t->sim->requests), 0,
	'what it rolls back and what it tries dry is not sent');

# The picture of the demo is what the demo prints
{
	my $sim = DbaasSim->start(zones => 3, services => 4, logs => 5000, seed => 1);
	local @ENV{qw(DBAAS_SIM_ENDPOINT DBAAS_SIM_API_KEY DBAAS_SIM_API_SECRET)} = ($sim->url, $sim->key, $sim->secret);
	$t->sql('CREATE DATABASE demo TEMPLATE template0');
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $t->node->connstr('demo'),
			'-f', "$ENV{TESTDIR}/examples/setup.sql", '-f', "$ENV{TESTDIR}/examples/demo.sql" ], '>', \$out, '2>', \$err)
	  or diag($err);
	my %printed = map { s/\s+$//r => 1 } split /\n/, $out;
	my ($first) = $text{'README.md'} =~ /\A(.*?)^## /ms;
	my @shown = map { split /\n/, $_->{text} } blocks('text', split /\n/, $first);
	is(join("\n", grep { !$printed{$_} && !/^ \.\.\.$/ && !/^$/ } @shown), '', 'the picture is what the demo prints');
}

# What the pages point to: files, and headings of this page or another
my %heading = map { my $page = $_; map { /^#+ (.*)/ ? ("$page#" . anchor($1) => 1) : () } @{ $lines{$page} } } keys %lines;
my @dangling;
foreach my $page (sort keys %text)
{
	my $folder = $page =~ m{^(.*/)} ? $1 : '';
	foreach my $target ($text{$page} =~ /\]\(([^)\s]*)\)/g)
	{
		next if $target =~ /^https?:/;
		my ($file, $anchor) = split /#/, $target, 2;
		$file = $file eq '' ? $page : plain("$folder$file");
		push @dangling, "$page: $target"
		  unless -e "$ENV{TESTDIR}/$file" && (!defined $anchor || $heading{"$file#$anchor"});
	}
}
is(join("\n", @dangling), '', 'links lead somewhere');

# Every page can be reached from README, and leads back to it
foreach my $page (grep { m{^doc/[^/]*$} } pages())
{
	ok($text{'README.md'} =~ /\]\(\Q$page\E[)#]/, "README leads to $page");
	ok($text{$page} =~ /\]\(\.\.\/README\.md[)#]/, "and $page to README");
}
cmp_ok(scalar @{ $lines{'README.md'} }, '<', 380, 'README is short');

# The SQLSTATEs, and the messages
my @sqlstates = sort $text{'doc/errors.md'} =~ /^\| ([0-9A-Z]{5}) \|/mg;
chomp(my $includes = `"$ENV{PG_CONFIG}" --includedir-server`);
my $codes = slurp_file("$includes/utils/errcodes.h");
my %sqlstate = map { my ($name, $parts) = /(\w+) MAKE_SQLSTATE\((.*)\)/; ($name => $parts =~ s/[', ]//gr) } $codes =~ /^#define (ERRCODE_\w+ MAKE_SQLSTATE\(.*\))/mg;
my %raised = map { ($_ => 1) } grep { defined } @sqlstate{ $code =~ /\b(ERRCODE_\w+)/g };
# What is not an error of its own: out of memory, a warning, what is looked for in others' errors
delete @raised{qw(01000 22000 22P05 23000 3F000 42000 53200 HV001 HV00R XX000)};
is(join(' ', grep { $_ ne '57014' } @sqlstates), join(' ', sort keys %raised), 'the SQLSTATEs are those that are raised');

# A name in a message is … on the page, and a conversion such as %s in the source
my $plain = $code =~ s{/\*.*?\*/}{}gsr =~ s/'\\?"'//gr;
my @strings = $plain =~ /"((?:[^"\\\n]|\\.)*"(?:\s*(?:INT64_FORMAT\s*)?"(?:[^"\\\n]|\\.)*")*)/g;
my $strings = join "\n", map { s/(?<!\\)"\s*(?:INT64_FORMAT\s*)?"//gr =~ s/\\"/"/gr } @strings;
my @messages = map { /^\| `(.*?)` \|/ ? $1 : () } split /\n/, chapter('By message', @{ $lines{'doc/errors.md'} });
cmp_ok(scalar @messages, '>', 20, 'there are messages');
foreach my $message (@messages)
{
	my @parts = map { quotemeta } split /…|403|404|429| (?=for server)/, $message =~ s/^… (?=failed|could|was|got|answered|makes|is)//r, -1;
	my $pattern = join '[^\n]*?', @parts;
	# The source has some in pieces
	my @pieces = map { s/^(?:\\\W)+|(?:\\\W)+$//gr } @parts;
	ok($strings =~ /$pattern/ || !(grep { $strings !~ /$_/ } @pieces), "there is a message: $message");
}

# What EXPLAIN says
my ($explained) = chapter('Seeing it with EXPLAIN', @{ $lines{'doc/sending.md'} }) =~ /^(\| line .*?)\n\n/ms;
foreach my $name (map { /^\| (.*?) \|/ ? $1 =~ /`([^`:]*)/g : () } split /\n/, $explained)
{
	ok($code =~ /"\Q$name\E"/, "EXPLAIN says $name");
}

while ($all =~ /`(\w+)\(\)`(?: in `(\S+?)`)?/g)
{
	my ($function, $file) = ($1, $2);
	ok(($file ? join("\n", read_lines($file)) : $code) =~ /\b\Q$function\E\(/, "there is $function()" . ($file ? " in $file" : ''));
}

my ($targets) = join("\n", read_lines('Makefile')) =~ /^\.PHONY: (help .*)$/m;
my %target = map { ($_ => 1) } split(' ', $targets), qw(install installcheck uninstall clean);
is(join(' ', grep { !$target{$_} } $all =~ /(?:`|^    )make ([a-z][\w-]*)/mg), '', 'make has the targets');
my @packages = map { split ' ' } join("\n", read_lines('test/install-deps')) =~ /^\tneed ["']?([a-z].*?)["']? [a-z]/mg;
is(join(' ', grep { my $name = s/-\$major$//r; $text{'README.md'} !~ /(?<![\w-])\Q$name\E(?!\w)/ } @packages), '', 'the packages are those that are installed');

# What a reader looks for has a heading of its own
foreach my $wanted ('Debian 13', 'pg_cron', 'dump', 'restore', 'pg_upgrade', 'schedule')
{
	ok($text{'README.md'} =~ /\Q$wanted\E/i, "README shows the way to $wanted");
}

done_testing();

# Following a log: nothing twice, nothing left out
sub follow_log
{
	my ($database, @blocks) = @_;
	my ($follow) = grep { $_->{text} =~ /^WITH new AS/ } @blocks;
	my $node = $t->node;
	$node->safe_psql($database, $follow->{text}) foreach 1 .. 2;
	is($node->safe_psql($database, 'SELECT count(*) FROM log_copy'), 0, 'nothing new is logged, nothing is copied');
	$t->sim->append_logs('ch-gva-2', 'pg-1-0001', 1201);
	$t->sim->append_logs('de-fra-1', 'shared-name', 3);
	$node->safe_psql($database, $follow->{text}) foreach 1 .. 2;
	is( $node->safe_psql($database,
			q{SELECT zone, service_name, count(*), count(DISTINCT message) FROM log_copy
			  GROUP BY 1, 2 ORDER BY 1}),
		"ch-gva-2|pg-1-0001|1201|1201\nde-fra-1|shared-name|3|3",
		'what is logged since is copied once');
	return;
}

# A path without its steps up
sub plain
{
	my ($path) = @_;
	1 while $path =~ s{(?:^|(?<=/))(?!\.\./)[^/]+/\.\./}{};
	return $path;
}

# SQL that names the simulator, its key, and a file that there is
sub pointed
{
	my ($sql) = @_;
	$sql =~ s/(CREATE SERVER \w+ FOREIGN DATA WRAPPER dbaas_fdw)(.*?;)/$1 . at_simulator($2)/gse;
	$sql =~ s/api_key '[^']*'/api_key '$key'/g;
	$sql =~ s/api_secret '[^']*'/api_secret '$secret'/g;
	$sql =~ s/api_secret_file '[^']*'/api_secret_file '$secret_file'/g;
	return $sql;
}

# The rest of a CREATE SERVER, with the simulator's endpoint
sub at_simulator
{
	my ($rest) = @_;
	return $rest if $rest =~ s/endpoint '[^']*'/endpoint '$endpoint'/;
	return $rest if $rest =~ s/OPTIONS \(/OPTIONS (endpoint '$endpoint', /;
	return " OPTIONS (endpoint '$endpoint')$rest";
}
