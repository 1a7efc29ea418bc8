package DbaasTest;

=head1 NAME

DbaasTest - a PostgreSQL node with the wrapper, beside a simulator

=head1 SYNOPSIS

    use DbaasTest;
    use Test::More;

    my $t = DbaasTest->new(services => 20, logs => 1200);  # the simulator's options

    is($t->sql('SELECT count(*) FROM exo.dbaas_zones'), 3, 'zones are read');

    my $error = $t->sql_error('SELECT * FROM exo.dbaas_operations');
    is($error->{sqlstate}, 'HV00L', 'an operation needs its id');
    like($error->{hint}, qr/WHERE id =/, 'and the hint shows how');

    my @sent = $t->requests('SELECT name FROM exo.dbaas_services');
    is(scalar(@sent), 3, 'one request for each zone');

    $t->sim->fault({ path => '/dbaas-service', action => 'status', status => 503 });

    my $session = $t->background;           # a PostgreSQL::Test::BackgroundPsql
    $session->query_safe('SELECT 1');

    done_testing();

=head1 DESCRIPTION

The node runs when C<new> returns.  Its database postgres has the extension, the
server exoscale, a user mapping, and the schema exo with every table.  Node and
simulator end with the test.  "make test" provides the environment that
PostgreSQL::Test::* expects.

=head1 METHODS

=over

=item DbaasTest->new(%options)

Options are those of C<< DbaasSim->start >>, except: C<server>, a hash of
additional server options (C<endpoint> may be one of them; undef leaves it out);
C<conf>, text for postgresql.conf; C<import =E<gt> 0>, to create nothing but the
extension; C<name>, for a test with several nodes.

=item node, sim

The PostgreSQL::Test::Cluster and the DbaasSim.

=item sql($sql)

Runs it in a session of its own and returns its output, unaligned, without the
last newline.  Dies when it fails.

=item sql_error($sql)

Runs SQL that has to fail, and returns what the first error said, as a hash:
sqlstate, message, detail, hint, context, schema, table, column (undef where it said none), stderr.
Dies when it succeeds.

=item sql_both($sql)

Runs it, and returns (exit code, output, all that psql said on stderr).

=item requests($what)

The API requests that the simulator recorded while $what, SQL or a code
reference, ran: a list of hashes (method, path, zone, body and more, see
DbaasSim).

=item lines($what)

The same as sorted strings, "METHOD zone path", which are easily compared.

=item create_server(%options)

Drops the server exoscale with all that hangs on it, and creates it, the user
mapping and the schema again, with these server options over the usual endpoint.

=item add_server($name, $schema, %options)

Creates another server in that way, with its tables in a schema of its own.

=item DbaasTest::options_clause(%options)

OPTIONS (...) for SQL; options that are undef are left out.

=item patience($seconds)

So many whole seconds, and more where the machine is busy: for a time-out that what works must not
reach.  It is measured with a session and a statement.

=item background(%params)

A psql session to talk to, see background_psql of PostgreSQL::Test::Cluster.

=item session

A DbaasTest::Session, one backend for many statements; it ends with the object.

=back

=head1 METHODS OF A SESSION

=over

=item sql($sql), sql_error($sql), sql_both($sql)

As above, in this session.  After an error the session goes on.  sql_both returns
(output, stderr).

=item requests($sql), lines($sql)

As above, in this session.

=item timed_out($sql, $ms)

Runs it in a transaction, which it rolls back, with that statement_timeout, which
is for it alone; returns the error, as sql_error does.

=item pid

Process id of the backend.

=item start($sql), finish

Send SQL without waiting for it; wait for it, and return (output, stderr).

=item quit

End it.

=back

=head1 FUNCTIONS

=over

=item parse_error($stderr)

What psql reported, as sql_error returns it, or undef when there is no error.

=item shorten($text)

The first and the last lines of a text of very many: so is shown what a test that
fails got.

=item wait_until($condition)

Calls it until it is true; false when it was not within a minute.

=item rss($pid)

The memory of a process that is resident, in kB; undef when there is no such process.

=item measured_ok($got, $operator, $limit, $name)

cmp_ok of what was measured of a backend's memory, page faults or system calls.  It is skipped
where PostgreSQL was built with sanitizers, which have their own.

=back

=head1 TIME

Nothing may depend on how fast a machine is, nor on which of several requests or
answers comes first: a busy one stops any process for seconds.  What has to happen
at once the simulator waits for (see C<together> of DbaasSim), what has to come first
is waited for with C<wait_until>, and less than $DbaasTest::soon seconds is all that can be said
of how quickly something is done, where what it must not wait for takes a minute.

=over

=item $soon

Seconds: 20.

=back

=cut

use strict;
use warnings;

# A session's timer runs from its start to its end, not for each statement; the limit for a
# statement is finish's
BEGIN { $ENV{PG_TEST_TIMEOUT_DEFAULT} ||= 3600 }

use feature 'state';

use DbaasSim;
use Fcntl qw(LOCK_EX);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::Builder;
use Test::More import => [qw(cmp_ok skip)];
use Time::HiRes ();

our $soon = 20;

# What a failure shows of a log: its ends.  The whole of it is in a file
my $shown_lines = 40;
{
	no warnings 'redefine';    ## no critic (ProhibitNoWarnings): that is the purpose
	my $diag = \&Test::Builder::diag;
	*Test::Builder::diag = sub {
		my ($self, @messages) = @_;
		return $self->$diag(shorten(join '', map { $_ // 'undef' } @messages));
	};
}

sub shorten
{
	my ($text) = @_;
	my @lines = split /^/, $text;
	my $left_out = @lines - 2 * $shown_lines;
	return $text if $left_out <= 1;
	splice @lines, $shown_lines, $left_out, "[$left_out lines left out]\n";
	return join '', @lines;
}

sub new
{
	my ($class, %options) = @_;
	my $server = delete $options{server} // {};
	my $conf = delete $options{conf};
	my $import = delete $options{import} // 1;
	my $name = delete $options{name} // 'dbaas';

	my $self = bless {
		sim => DbaasSim->start(zones => 3, services => 20, logs => 1200, seed => 1, %options),
		node => PostgreSQL::Test::Cluster->new($name)
	}, $class;

	# Of a run before in the same tree, as "make steady" has it
	unlink $self->node->logfile;
	$self->_init;
	# Not told what takes long: that depends on the machine
	$self->node->append_conf('postgresql.conf', 'dbaas_fdw.progress = 0');
	$self->node->append_conf('postgresql.conf', $conf) if defined $conf;
	$self->node->start;
	my @sql = ('CREATE EXTENSION dbaas_fdw');
	push @sql, $self->_server('exoscale', 'exo', %$server) if $import;
	$self->sql(join ';', @sql);
	return $self;
}

# As init of the node, but what initdb makes is made once for all tests, and copied
sub _init
{
	my ($self) = @_;
	my $data = $self->node->data_dir;
	my $run = \&PostgreSQL::Test::Utils::system_or_bail;
	no warnings 'redefine';    ## no critic (ProhibitNoWarnings): that is the purpose
	local *PostgreSQL::Test::Utils::system_or_bail = sub {
		my (@command) = @_;
		return $run->(@command) if $command[0] ne 'initdb';
		my $template = "$ENV{TESTDATADIR}/template";
		open my $lock, '>', "$template.lock" or die "$template.lock: $!";
		flock $lock, LOCK_EX or die "$template.lock: $!";
		if (!-d $template)
		{
			$run->(map { $_ eq $data ? "$template.new" : $_ } @command);
			rename "$template.new", $template or die "$template: $!";
		}
		close $lock;
		return $run->('cp', '-RPp', $template, $data);
	};
	$self->node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	return;
}

sub node { return $_[0]{node} }
sub sim  { return $_[0]{sim} }

sub create_server
{
	my ($self, %options) = @_;

	$self->sql(
		q{
		SET client_min_messages = warning;
		DROP SERVER IF EXISTS exoscale CASCADE;
		DROP SCHEMA IF EXISTS exo CASCADE;} . $self->_server('exoscale', 'exo', %options));
	return;
}

sub add_server
{
	my ($self, $name, $schema, %options) = @_;

	$self->sql($self->_server($name, $schema, %options));
	return;
}

# The SQL that creates the server.  Each call of sql begins a session, which takes a while, so
# it is run together with what comes before it
sub _server
{
	my ($self, $name, $schema, %options) = @_;

	%options = (endpoint => $self->sim->url, %options);
	my $server = options_clause(%options);
	my $mapping = options_clause(api_key => $self->sim->key, api_secret => $self->sim->secret);

	return qq{
		CREATE SERVER $name FOREIGN DATA WRAPPER dbaas_fdw $server;
		CREATE USER MAPPING FOR CURRENT_USER SERVER $name $mapping;
		CREATE SCHEMA $schema;
		IMPORT FOREIGN SCHEMA dbaas FROM SERVER $name INTO $schema};
}

# The OPTIONS clause; options that are undef are left out
sub options_clause
{
	my (%options) = @_;
	my @items;
	foreach my $name (grep { defined $options{$_} } sort keys %options)
	{
		(my $value = $options{$name}) =~ s/'/''/g;
		push @items, "$name '$value'";
	}
	return @items ? 'OPTIONS (' . join(', ', @items) . ')' : '';
}

sub sql
{
	my ($self, $sql) = @_;
	return $self->node->safe_psql('postgres', $sql);
}

sub sql_both
{
	my ($self, $sql) = @_;
	my ($status, $stdout, $stderr) = $self->node->psql(
		'postgres', $sql,
		extra_params => [ '-v', 'VERBOSITY=verbose' ],
		on_error_stop => 1);
	return ($status, $stdout, $stderr);
}

sub sql_error
{
	my ($self, $sql) = @_;
	my ($status, $stdout, $stderr) = $self->sql_both($sql);
	die "this should have failed: $sql\n" if $status == 0;

	return parse_error($stderr) // die "no error in: $stderr\n";
}

sub parse_error
{
	my ($stderr) = @_;
	my $names = qr/(?:SCHEMA|TABLE|COLUMN|DATATYPE|CONSTRAINT) NAME/;
	my $fields = qr/DETAIL|HINT|CONTEXT|LOCATION|QUERY|STATEMENT|LINE \d+|$names/;
	my %error = (stderr => $stderr);
	my $field;
	foreach my $line (split /\n/, $stderr)
	{
		if ($line =~ /^(?:psql:.*?:\d+: )?(?:ERROR|FATAL):\s+([0-9A-Z]{5}): (.*)/)
		{
			last if exists $error{sqlstate};
			@error{qw(sqlstate message)} = ($1, $2);
			$field = 'message';
		}
		elsif ($line =~ /^(?:psql:.*?:\d+: )?(?:WARNING|NOTICE|INFO|LOG|DEBUG):/)
		{
			$field = undef;
		}
		elsif ($line =~ /^($fields):\s+(.*)/)
		{
			# What a warning before the error said is not the error's
			my ($name, $text) = ($1, $2);
			$field = exists $error{sqlstate} ? lc $name =~ s/ NAME$//r : undef;
			$error{$field} = $text if defined $field;
		}
		elsif (defined $field)
		{
			$error{$field} .= "\n$line";
		}
	}
	return exists $error{sqlstate} ? \%error : undef;
}

sub requests
{
	my ($self, $what) = @_;
	$self->sim->clear;
	ref $what ? $what->() : $self->sql($what);
	return $self->sim->requests;
}

sub lines
{
	my ($self, $what) = @_;
	return sort
	  map { join ' ', $_->{method}, $_->{zone} // '-', $_->{path} } $self->requests($what);
}

sub wait_until
{
	my ($condition) = @_;
	for (my $end = Time::HiRes::time() + 60; Time::HiRes::time() < $end; Time::HiRes::sleep(0.01))
	{
		return 1 if $condition->();
	}
	return;
}

sub rss
{
	my ($pid) = @_;
	open my $status, '<', "/proc/$pid/status" or return;
	my ($kb) = join('', <$status>) =~ /^VmRSS:\s+(\d+) kB/m;
	return $kb;
}

sub measured_ok
{
	my ($got, $operator, $limit, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	state $sanitized = qx("\$PG_CONFIG" --cflags) =~ /-fsanitize/;
  SKIP:
	{
		skip "SKIPPED: sanitizers change what is measured: $name", 1 if $sanitized;
		cmp_ok($got, $operator, $limit, $name);
	}
	return;
}

sub patience
{
	my ($self, $seconds) = @_;
	my $start = Time::HiRes::time();
	$self->sql('SELECT 1');
	return int($seconds + 10 * (Time::HiRes::time() - $start));
}

sub background
{
	my ($self, %params) = @_;
	return $self->node->background_psql('postgres', %params);
}

sub session
{
	my ($self) = @_;
	return DbaasTest::Session->new($self);
}

package DbaasTest::Session;

use Scalar::Util qw(refaddr weaken);

# Those that are open.  Whatever they do, they end before the END of PostgreSQL::Test::Cluster,
# which stops the server.  Perl destroys an object that a test's subs refer to only after that,
# and in any order, so that ending psql might wait for ever
my %open;

END
{
	my $status = $?;
	foreach my $session (grep { $_ } values %open)
	{
		my $psql = delete $session->{psql} or next;
		eval { $psql->{run}->kill_kill(grace => 2) };
	}
	$? = $status;    ## no critic (RequireLocalizedPunctuationVars): the test's own
}

sub new
{
	my ($class, $test) = @_;
	my $psql = $test->background(on_error_stop => 0, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	my $self = bless { psql => $psql, sim => $test->sim, asked => 0 }, $class;
	weaken($open{ refaddr $self} = $self);
	$self->{pid} = $self->sql('SELECT pg_backend_pid()');
	return $self;
}

sub pid { return $_[0]{pid} }
sub sim { return $_[0]{sim} }

# What follows the answer on both outputs: no matter how long it takes, and
# what an error left out
sub _mark
{
	my ($self) = @_;
	return "answer $self->{asked} ends";
}

sub start
{
	my ($self, $sql) = @_;
	my $psql = $self->{psql};

	$self->{asked}++;
	my $mark = $self->_mark;
	$psql->{stdout} = $psql->{stderr} = '';
	$psql->{stdin} .= "$sql\n;\n\\echo '$mark'\n\\warn '$mark'\n";
	$psql->{run}->pump_nb;
	return;
}

sub finish
{
	my ($self) = @_;
	my $psql = $self->{psql};
	my $mark = $self->_mark;
	my $end = Time::HiRes::time() + ($ENV{DBAAS_TEST_TIMEOUT} || 600) / 2;

	until ($psql->{stdout} =~ /^\Q$mark\E\n/m && $psql->{stderr} =~ /^(?:psql:.*: )?\Q$mark\E\n/m)
	{
		die "no answer, but: $psql->{stdout}$psql->{stderr}" if Time::HiRes::time() > $end;
		$psql->{run}->pump;
	}
	my ($stdout, $stderr) = @$psql{qw(stdout stderr)};
	$stdout =~ s/\n?\Q$mark\E\n\z//;
	$stderr =~ s/^.*\Q$mark\E\n//m;
	return ($stdout, $stderr);
}

sub sql_both
{
	my ($self, $sql) = @_;
	$self->start($sql);
	return $self->finish;
}

sub sql
{
	my ($self, $sql) = @_;
	my ($stdout, $stderr) = $self->sql_both($sql);
	die "$sql: $stderr" if DbaasTest::parse_error($stderr);
	return $stdout;
}

sub sql_error
{
	my ($self, $sql) = @_;
	my ($stdout, $stderr) = $self->sql_both($sql);
	return DbaasTest::parse_error($stderr) // die "this should have failed: $sql\n";
}

sub timed_out
{
	my ($self, $sql, $ms) = @_;
	my (undef, $stderr) = $self->sql_both("BEGIN; SET LOCAL statement_timeout = $ms; $sql");
	$self->sql_both('ROLLBACK');
	return DbaasTest::parse_error($stderr) // die "this should have failed: $sql\n";
}

sub requests
{
	my ($self, $sql) = @_;
	$self->sim->clear;
	$self->sql($sql);
	return $self->sim->requests;
}

sub lines
{
	my ($self, $sql) = @_;
	return sort map { join ' ', $_->{method}, $_->{zone} // '-', $_->{path} } $self->requests($sql);
}

sub quit
{
	my ($self) = @_;
	delete $open{ refaddr $self};
	my $psql = delete $self->{psql} or return;
	$psql->quit;
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!, $@);
	eval { $self->quit };
	return;
}

1;
