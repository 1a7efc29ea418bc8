# The documentation, README.md and doc/: its tables are the catalogue's and the options', its SQL
# runs, and what it points to is there.  What doc/internals.md says is in 191_internals.pl.
use strict;
use warnings;

use DbaasDocs qw(pages read_lines anchor blocks chapter);
use DbaasTest;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $t = DbaasTest->new(services => 20, logs => 1200, import => 0);
my $endpoint = $t->sim->url;
my ($key, $secret) = ($t->sim->key, $t->sim->secret);

my @lines = read_lines('README.md');

# The tables: a heading for each, and a line for each column
my ($table, @columns);
foreach my $line (@lines)
{
	$table = $1 if $line =~ /^##+ (.*)/;
	push @columns, join '|', $table, $1, $2, $3, $4
	  if defined $table
	  and $table =~ /^dbaas_/
	  and $line =~ /^\| `(\w+)` \| (.*?) \|\s*(.*?)\s*\| (.*?) \|$/;
}
$t->sql('CREATE EXTENSION IF NOT EXISTS dbaas_fdw');
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

# The options
my @options = map { /^\| `(\w+)` \| (server|user mapping|table|column) \|\s*`?(.*?)`?\s*\| (.*) \|$/
	  ? "$1|$2|$3|$4" : () } @lines;
my @known = split /\n/, $t->sql(q{
	SELECT concat_ws('|', name, place, coalesce(default_value, ''), description)
	FROM dbaas_fdw_options()});
is(join("\n", @options), join("\n", @known), 'the options are those that there are');

# The functions, but for the wrapper's own two
my @functions = sort map { /^\| `(dbaas_fdw_\w+)\(.*\)` \|/ ? $1 : () } @lines;
is(join("\n", @functions), $t->sql(q{SELECT proname FROM pg_proc WHERE proname ~ '^dbaas_fdw_'
	AND proname !~ '_(handler|validator)$' ORDER BY proname COLLATE "C"}), 'the functions are those of the extension');

# The policies of the key's role are JSON, and allow what reads and writes need
my @policies = map { JSON::PP::decode_json($_->{text}) } blocks('json', @lines[0 .. first_line(qr/^## Tables/)]);
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

# All SQL, in one session, as a reader would type it.  What names the real API,
# its keys or a file is made to name the simulator's.
my $secret_file = $t->node->basedir . '/secret';
open my $fh, '>', $secret_file or die "$secret_file: $!";
print $fh "$secret\n";
close $fh;

my @blocks = blocks('sql', @lines);
my $script = "DROP EXTENSION dbaas_fdw;\n";
foreach my $block (@blocks)
{
	my $sql = $block->{text};
	$sql =~ s/(CREATE SERVER \w+ FOREIGN DATA WRAPPER dbaas_fdw)(.*?;)/$1 . at_simulator($2)/gse;
	$sql =~ s/api_key '[^']*'/api_key '$key'/g;
	$sql =~ s/api_secret '[^']*'/api_secret '$secret'/g;
	$sql =~ s/api_secret_file '[^']*'/api_secret_file '$secret_file'/g;
	$script .= "$sql\n\\echo ran line $block->{line}\n";
}
my ($status, $stdout, $stderr) = $t->node->psql('postgres', $script, on_error_stop => 1,
	extra_params => [ '-v', 'HISTFILE=/dev/null' ]);
cmp_ok(scalar @blocks, '>', 30, 'there is SQL to run');
like($stdout, qr/^ran line $_->{line}$/m, "the SQL at line $_->{line} runs") foreach @blocks;
is($status, 0, 'all of it') or diag($stderr);
is(scalar(grep { $_->{method} eq 'DELETE' } $t->sim->requests), 0,
	'what it rolls back and what it tries dry is not sent');

# Following a log: nothing twice, nothing left out
my ($follow) = grep { $_->{text} =~ /^WITH new AS/ } @blocks;
$t->sql($follow->{text}) foreach 1 .. 2;
is($t->sql('SELECT count(*) FROM log_copy'), 0, 'nothing new is logged, nothing is copied');
$t->sim->append_logs('ch-gva-2', 'pg-1-0001', 1201);
$t->sim->append_logs('de-fra-1', 'shared-name', 3);
$t->sql($follow->{text}) foreach 1 .. 2;
is( $t->sql(
		q{SELECT zone, service_name, count(*), count(DISTINCT message) FROM log_copy
		  GROUP BY 1, 2 ORDER BY 1}),
	"ch-gva-2|pg-1-0001|1201|1201\nde-fra-1|shared-name|3|3",
	'what is logged since is copied once');

# What the pages point to: files, and headings of this page or another
my %text = map { ($_ => [ read_lines($_) ]) } pages();
my %heading = map { my $page = $_; map { /^#+ (.*)/ ? ("$page#" . anchor($1) => 1) : () } @{ $text{$page} } } keys %text;
my @dangling;
foreach my $page (sort keys %text)
{
	my $folder = $page =~ m{^(.*/)} ? $1 : '';
	foreach my $target (join("\n", @{ $text{$page} }) =~ /\]\(([^)\s]*)\)/g)
	{
		next if $target =~ /^https?:/;
		my ($file, $anchor) = split /#/, $target, 2;
		$file = $file eq '' ? $page : plain("$folder$file");
		push @dangling, "$page: $target"
		  unless -e "$ENV{TESTDIR}/$file" and (!defined $anchor or $heading{"$file#$anchor"});
	}
}
is(join("\n", @dangling), '', 'links lead somewhere');

# Contents, and what is listed of the sources: settings, SQLSTATEs, functions, targets, packages
my $readme = join("\n", @lines);
my ($contents) = $readme =~ /^## Contents\n(.*?)^## /ms;
is(join("\n", $contents =~ /\[(.*?)\]/g), join("\n", grep { $_ ne 'Contents' } $readme =~ /^## (.*)$/mg), 'the contents are the chapters');

my $all = join "\n", map { @{ $text{$_} } } pages();
my @sources = map { s{^\Q$ENV{TESTDIR}\E/}{}r } glob "$ENV{TESTDIR}/src/*/*.[ch]";
my $code = join '', map { join("\n", read_lines($_)) } @sources, 'dbaas_fdw.c';
my %setting = map { ($_ => 1) } $code =~ /\{PREFIX "\.(\w+)"/g;
my %named = map { ($_ => 1) } grep { $_ ne 'dryrun' } $all =~ /`?dbaas_fdw\.(?![ch]\b|control)(\w+)/g;
is(join(' ', sort keys %named), join(' ', sort keys %setting), 'the settings are those that there are');

my ($errors) = $readme =~ /^## Errors\n(.*?)^## /ms;
my @listed = sort { $a cmp $b } $errors =~ /^\| ([0-9A-Z]{5}) \|/mg;
chomp(my $includes = `"$ENV{PG_CONFIG}" --includedir-server`);
my $codes = slurp_file("$includes/utils/errcodes.h");
my %sqlstate = map { my ($name, $parts) = /(\w+) MAKE_SQLSTATE\((.*)\)/; ($name => $parts =~ s/[', ]//gr) } $codes =~ /^#define (ERRCODE_\w+ MAKE_SQLSTATE\(.*\))/mg;
my %raised = map { ($_ => 1) } grep { defined } @sqlstate{ $code =~ /\b(ERRCODE_\w+)/g };
# What is not an error of its own: out of memory, a warning, what is looked for in others' errors
delete @raised{qw(01000 22000 22P05 23000 3F000 42000 53200 HV001 HV00R XX000)};
is(join(' ', grep { $_ ne '57014' } @listed), join(' ', sort keys %raised), 'the SQLSTATEs are those that are raised');

while ($all =~ /`(\w+)\(\)`(?: in `(\S+?)`)?/g)
{
	my ($function, $file) = ($1, $2);
	like($file ? join("\n", read_lines($file)) : $code, qr/\b\Q$function\E\(/, "there is $function()" . ($file ? " in $file" : ''));
}

my ($targets) = join("\n", read_lines('Makefile')) =~ /^\.PHONY: (help .*)$/m;
my %target = map { ($_ => 1) } split(' ', $targets), qw(install installcheck uninstall);
is(join(' ', grep { !$target{$_} } $all =~ /(?:`|^    )make ([a-z][\w-]*)/mg), '', 'make has the targets');
my @packages = map { split ' ' } join("\n", read_lines('test/install-deps')) =~ /^\tneed ["']?([a-z].*?)["']? [a-z]/mg;
is(join(' ', grep { my $name = s/-\$major$//r; $all !~ /(?<![\w-])\Q$name\E(?!\w)/ } @packages), '', 'the packages are those that are installed');

done_testing();

# A path without its steps up
sub plain
{
	my ($path) = @_;
	1 while $path =~ s{(?:^|(?<=/))(?!\.\./)[^/]+/\.\./}{};
	return $path;
}

sub first_line
{
	my ($pattern) = @_;
	my ($found) = grep { $lines[$_] =~ $pattern } 0 .. $#lines;
	return $found;
}

# The rest of a CREATE SERVER, with the simulator's endpoint
sub at_simulator
{
	my ($rest) = @_;
	return $rest if $rest =~ s/endpoint '[^']*'/endpoint '$endpoint'/;
	return $rest if $rest =~ s/OPTIONS \(/OPTIONS (endpoint '$endpoint', /;
	return " OPTIONS (endpoint '$endpoint')$rest";
}
