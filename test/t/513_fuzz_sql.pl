# Random transactions of two sessions leave the API as a model says that it has to be.
#
# A transaction has writes, among them pairs on one thing by tables, views and partitions that
# show it alike, savepoints, cursors, prepared statements, PL/pgSQL that catches errors, dry runs
# and writes that are sent at once; requests fail, and statements are cancelled.  DbaasWriteModel
# says what each statement means and what the API makes of it.  Held to it are: the rows that a
# statement affects or the SQLSTATE that refuses it, what a SELECT reads meanwhile, the plan of
# dbaas_fdw_queued(), and what the API shows when the transaction is over.  What the simulator
# recorded is held to what the session was told: each write once, in its order, none that was
# rolled back or refused, and none unreported.
#
# It is always the same run.  DBAAS_RANDOM_SEED makes another; DBAAS_RANDOM_COUNT says how many
# transactions, and DBAAS_RANDOM_SECONDS how long instead.
use strict;
use warnings;

use DbaasQueries qw(constants);
use DbaasRandom  qw(random_run random_goes_on pick chance shuffled);
use DbaasTest;
use DbaasWriteModel;
use JSON::PP   ();
use List::Util qw(first);
use Test::More;
use Time::HiRes qw(sleep);

random_run(20261201, 40);

my $t = DbaasTest->new(
	zones => 2,
	services => 8,
	logs => 0,
	operation_time => 0,
	server => { max_retries => 0 },
	conf => "max_prepared_transactions = 2\n");
my $sim = $t->sim;
my $model = DbaasWriteModel->new($sim);
$model->create($t, max_retries => 0);
$t->sql('CREATE TABLE public.local (transaction text)');
my @servers = qw(exoscale part_0 part_1);
my $cancelling = $t->session;

my ($case, %count) = (0);
my (@script, @problems);
my $now;    # what the API shows
my $wait = 'operation';

# A session, with what its transaction has pending and has sent
my @sessions = map { { name => $_, session => $t->session } } qw(A B);
$_->{session}->sql('SET client_min_messages = notice; SET dbaas_fdw.delete_limit = -1; '
	  . 'SET dbaas_fdw.update_limit = -1; SET search_path = public, exo')
  foreach @sessions;

sub wrong { push @problems, join ' ', @_; return }

# ---------------------------------------------------------------------------
# Statements, and what a session is told
# ---------------------------------------------------------------------------

# The writes that messages name: label, and what became of it
sub told
{
	my ($stderr) = @_;
	my @told;

	# A rollback tells again of what was sent before
	my ($error) = $stderr =~ /^(?:psql:\S+ )?(ERROR:.*)\z/ms;
	$stderr = $error if $error && $error =~ /^Writes of this transaction:$/m;
	while (
		$stderr =~ m{^(?:DETAIL:\s+)?(POST|PUT|DELETE)\ (\S+)\ in\ zone\ (\S+?)
		(?:\ \(([^)]*)\))?:\ (applied|failed|not\ sent|unknown)\b}gmx)
	{
		my ($method, $path, $zone, $name, $state) = ($1, $2, $3, $4, $5);
		$name = '' if $path !~ m{/(?:user|database|connection-pool)$};
		push @told, { label => "$method $zone $path " . ($name // ''), state => $state };
	}
	return @told;
}

sub label { my ($w) = @_; return "$w->{method} $w->{zone} $w->{path} " . ($w->{name} // '') }

# The write requests since the last time, with the status that each had
sub sent
{
	return map {
		my $body = $_->{body} ? eval { JSON::PP::decode_json($_->{body}) } // {} : {};
		my $name =
			$_->{method} ne 'POST'             ? ''
		  : $_->{path} =~ m{/database$}        ? $body->{'database-name'}
		  : $_->{path} =~ m{/user$}            ? $body->{username}
		  : $_->{path} =~ m{/connection-pool$} ? $body->{name}
		  :                                      '';
		{ label => "$_->{method} $_->{zone} $_->{path} $name", status => $_->{status} }
	} $sim->writes;
}

sub say_sql { my ($s, $sql) = @_; push @script, "/* $s->{name} */ $sql;"; return }

# What a statement that was started gave
sub finish
{
	my ($s) = @_;
	my ($stdout, $stderr) = $s->{session}->finish;
	my ($rows, $sqlstate) = $stdout =~ /^\@\@ (\d+) (\S+)$/m;
	my @rows = split /\n/, $stdout =~ s/^\@\@ .*\n?//mr;
	$sqlstate //= 'none';
	push @script, "--   $sqlstate" . ($sqlstate eq '00000' ? ", $rows rows" : '');
	push @{ $s->{told} }, told($stderr);
	return { rows => $rows, sqlstate => $sqlstate, output => \@rows, stderr => $stderr };
}

sub start { my ($s, $sql) = @_; say_sql($s, $sql); return ask($s, $sql) }

sub ask
{
	my ($s, $sql) = @_;
	$s->{session}->start("$sql;\n\\echo '\@\@' :ROW_COUNT :SQLSTATE");
	return;
}
sub do_sql { my ($s, $sql) = @_; start($s, $sql); return finish($s) }

sub must
{
	my ($s, $sql) = @_;
	my $answer = do_sql($s, $sql);
	wrong("$s->{name}: $sql: $answer->{stderr}") if $answer->{sqlstate} ne '00000';
	return $answer;
}

# ---------------------------------------------------------------------------
# Sending
# ---------------------------------------------------------------------------

my %sqlstate_of = (403 => '28000', 404 => '42704', 409 => '55006', 422 => '22023');

# Is what was sent what was expected?  $expected has the statements' writes in their order,
# $disturbed says that something else than the API's rules may have ended it.  Changes $now.
sub judge
{
	my ($s, $answer, $expected, $disturbed) = @_;
	my @record = sent();
	my %sent_as;
	push @{ $sent_as{ $_->{label} } }, $_ foreach @record;
	$count{writes} += @record;

	my $failed = $answer->{sqlstate} ne '00000';
	my %state;
	push @{ $state{ $_->{label} } }, $_->{state} foreach told($answer->{stderr});

	# Those that earlier statements have sent are in the list, too
	if ($failed && %state)
	{
		foreach my $earlier (@{ $s->{sent} })
		{
			my $state = shift @{ $state{ label($earlier) } // [] } // 'nothing';
			wrong("the error says $state of a write that was sent before: " . label($earlier))
			  if $state !~ /^(?:applied|unknown|failed)$/ && !$disturbed;
		}
	}
	my ($stopped, $stop_group, $why) = (0, -1, undef);
	foreach my $write (@$expected)
	{
		my $label = label($write);
		my $told = $failed ? shift @{ $state{$label} // [] } : 'applied';
		my $behind = $stopped && $write->{group} != $stop_group;
		$told //= 'not sent' if $disturbed && !%state;
		if (!defined $told)
		{
			wrong("not told what became of $label");
			next;
		}
		my $was = $told eq 'not sent' ? undef : shift @{ $sent_as{$label} // [] };
		my $status = $was ? $was->{status} // 0 : undef;
		wrong("told \"$told\", but it was not received: $label")
		  if !$was && $told =~ /^(?:applied|failed)$/;
		wrong("told \"applied\", but it had status $status: $label")
		  if $told eq 'applied' && $was && $status != 200;
		wrong("sent behind a write that failed: $label") if $behind && $was;
		if ($told ne 'applied' && !$stopped)
		{
			$stopped = 1;
			$stop_group = $write->{group};

			# The failure stands, unless it is rolled back with its statement
			$s->{doomed} = { level => $write->{level} };
		}
		next if !$was;

		# What the API has to say of it, and what it has done
		if ($told eq 'unknown' || ($told eq 'failed' && $write->{hurt}))
		{
			my $effect = $write->{hurt} ? $write->{hurt} eq 'after' : $status && $status == 200;
			DbaasWriteModel::api($now, $write) if $effect;
			push @{ $s->{sent} }, $write if $told eq 'unknown';
			wrong("told \"$told\" for no reason: $label") if !$disturbed;
			next;
		}
		my $says = DbaasWriteModel::api($now, $write);
		wrong("told \"$told\", but the API's rules say $says: $label")
		  if ($says == 200) != ($told eq 'applied');
		push @{ $s->{sent} }, $write if $told eq 'applied';
		$why //= $write->{does} eq 'no_service' && $says == 403 ? '55006' : $sqlstate_of{$says}
		  if $says != 200;
	}
	foreach my $label (sort keys %sent_as)
	{
		wrong("sent, and nobody meant it, or twice: $label") if @{ $sent_as{$label} };
	}
	order(\@record, $expected);
	$sim->clear;
	wrong("failed with $answer->{sqlstate} though nothing stopped it: $answer->{stderr}")
	  if $failed && !$stopped && !$disturbed;
	wrong("the error is $answer->{sqlstate}, not $why: $answer->{stderr}")
	  if $failed && $why && !$disturbed && $answer->{sqlstate} ne $why;
	return;
}

# The statements' writes were received one statement after the other
sub order
{
	my ($record, $expected) = @_;
	my %groups;
	push @{ $groups{ label($_) } }, $_->{group} foreach @$expected;
	my $last = -1;
	foreach my $sent (@$record)
	{
		my $group = shift @{ $groups{ $sent->{label} } // [] } // next;
		wrong("sent too late: $sent->{label}") if $group < $last;
		$last = $group;
	}
	return;
}

sub nothing_sent
{
	my ($why) = @_;
	my @sent = sent();
	wrong("sent $why: $_->{label}") foreach @sent;
	$sim->clear if @sent;
	return;
}

# Ends operations that are under way, and compares the API with the model
sub compare
{
	my ($when) = @_;
	$sim->settle;
	my $actual = $model->facts;
	my @differences = DbaasWriteModel::differences($now, $actual);
	wrong("$when, the API has $_") foreach @differences;
	$now = $actual;
	return;
}

# ---------------------------------------------------------------------------
# Steps of a transaction
# ---------------------------------------------------------------------------

sub then_of { my ($s) = @_; return DbaasWriteModel::after($now, @{ $s->{pending} }) }

sub level { return scalar @{ $_[0]{savepoints} } }

sub aborted { my ($s) = @_; $s->{aborted} = 1; return }

# Drops what is pending since the savepoint of that number
sub drop_since
{
	my ($s, $level) = @_;
	$s->{pending} = [ grep { $_->{level} < $level } @{ $s->{pending} } ];
	delete $s->{held}{$_} foreach grep { $s->{held}{$_}{level} >= $level } keys %{ $s->{held} };
	return;
}

# How a statement is given: SQL for it, and what it does to rows and effects
my @forms = (
	(sub { return { sql => constants($_[0]{sql}) } }) x 4,
	sub {
		my $sql = constants($_[0]{sql}, 1);
		return {
			before => "SET LOCAL plan_cache_mode = force_generic_plan; $sql->{prepare}",
			sql => $sql->{execute},
			behind => 'DEALLOCATE q'
		};
	},
	sub {
		return {
			sql => 'DO $do$ BEGIN ' . constants($_[0]{sql}) . '; END $do$',
			rows => 0
		};
	},
	sub {
		return {
			sql => 'DO $do$ BEGIN '
			  . constants($_[0]{sql})
			  . '; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END $do$',
			rows => 0,
			lost => 1
		};
	},
	sub {
		return {
			sql => 'DO $do$ BEGIN '
			  . constants($_[0]{sql})
			  . '; EXCEPTION WHEN others THEN NULL; END $do$',
			rows => 0,
			caught => 1
		};
	},
	sub {
		return {
			sql => 'WITH w AS ('
			  . constants($_[0]{sql})
			  . " RETURNING $_[0]{zone}) SELECT count(*) FROM w",
			counted => 1
		};
	},
	sub {
		return { sql => constants($_[0]{sql}) . " RETURNING $_[0]{zone}" };
	},
	sub { return { sql => 'EXPLAIN (VERBOSE) ' . constants($_[0]{sql}), rows => 0, lost => 1 } },
	sub { return { sql => 'EXPLAIN (ANALYZE) ' . constants($_[0]{sql}), rows => 0 } });

# One write, as statement of a transaction
sub write_step
{
	my ($s) = @_;
	my $statement = $model->statement($now, $s->{kind}, $s->{pending});
	my $form = pick(@forms)->($statement);
	my $returning = $statement->{command} eq 'INSERT' && $form->{sql} =~ /RETURNING/;
	my $at_once = !$s->{dry} && ($s->{immediate} || $returning);
	my $explained = $form->{sql} =~ /^EXPLAIN \(VERBOSE/;

	# What is made again cannot be told from what it was
	my @remade = map { $_->{service} } grep { $_->{does} eq 'service' } @{ $s->{pending} };

	# What was not waited for may not be listed yet
	my @unlisted = $wait eq 'none' ? map { $_->{service} } @{ $s->{sent} } : ();

	# What the API will refuse is refused whatever an UPDATE makes of it
	my %then = %$now;
	my @doomed = map { $_->{service} }
	  grep { DbaasWriteModel::api(\%then, $_) != 200 } @{ $s->{pending} };
	return if grep { $statement->{sql} =~ /\b\Q$_\E\b/ } @remade, @unlisted, @doomed;

	# What is sent within a block that is rolled back is another story
	return if $at_once && ($form->{lost} || $form->{caught}) && !$explained;
	my $means = $statement->{means}->($now, then_of($s), $s->{pending});
	$s->{kind} = chance(0.5) ? $statement->{kind} : undef;

	if ($explained)
	{
		my $answer = do_sql($s, $form->{sql});
		aborted($s) if $answer->{sqlstate} ne '00000';
		wrong("$form->{sql}: $answer->{stderr}")
		  if $answer->{sqlstate} ne '00000' && !$means->{refused};
		nothing_sent('by EXPLAIN');
		return;
	}
	my $hurt = !$at_once && chance(0.06);
	my $timeout = !$at_once && !$hurt && chance(0.06);
	my $disturbed = $hurt || $timeout;
	my $list = '/dbaas-' . pick('service', '*');
	if ($hurt)
	{
		my %fault = (
			method => 'GET',
			path => $list,
			action => pick('close', 'cut', 'status'),
			status => 503,
			skip => int rand 3);
		delete $fault{status} if $fault{action} ne 'status';
		fault(%fault);
	}
	must($s, 'SET LOCAL statement_timeout = ' . pick(1, 2, 4)) if $timeout;
	must($s, $form->{before}) if $form->{before} && !$timeout;
	my $answer = $timeout
	  && $form->{before} ? do_sql($s, constants($statement->{sql})) : do_sql($s, $form->{sql});
	$sim->clear_faults if $hurt;
	my $ok = $answer->{sqlstate} eq '00000';
	$count{statements}++;
	$count{refused}++ if !$ok;

	my @writes = map {
		{ %$_, level => level($s), group => $s->{group} }
	} @{ $means->{writes} // [] };
	$s->{group}++;

	# What was sent may not be listed yet, and a statement that another session has made obsolete
	# may be refused, or may not notice
	my $may =
	  $means->{may} || ($s->{outdated} && $statement->{command} eq 'INSERT' ? '42704' : undef);
	$may //= '23505'
	  if $statement->{command} eq 'INSERT' && grep { same($_, $writes[0]) } @{ $s->{sent} };
	$may = '42704' if $s->{outdated} && ($means->{refused} // '') eq '42704';
	if ($means->{refused} && !$form->{caught})
	{
		wrong("$form->{sql}: $answer->{sqlstate}, not $means->{refused}: $answer->{stderr}")
		  if $answer->{sqlstate} ne $means->{refused} && !$disturbed && !$may;
		# Where it was taken all the same, what for cannot be told
		aborted($s);
		nothing_sent('by a statement that was refused') if !$ok || !$at_once;
		return if !$ok;
		$sim->clear;
		$now = $model->facts;
		return;
	}
	if (!$ok && !$at_once && !($disturbed || ($may && $answer->{sqlstate} eq $may)))
	{
		wrong("$form->{sql}: $answer->{stderr}");
	}
	if (!$at_once)
	{
		if (!$ok)
		{
			aborted($s);
			return;
		}

		# The time may pass when the statement has said that it is done
		my $after =
		  $timeout ? do_sql($s, 'SET LOCAL statement_timeout = 0') : { sqlstate => '00000' };
		if ($after->{sqlstate} ne '00000')
		{
			wrong("after a timeout: $after->{stderr}") if $after->{sqlstate} !~ /^(?:57014|25P02)$/;
			aborted($s);
			return;
		}

		# What PL/pgSQL catches may have been the fault
		if ($form->{caught} && ($disturbed || $may))
		{
			aborted($s);
			return;
		}
		must($s, $form->{behind}) if $form->{behind} && !$timeout;
		return if $form->{caught} && $means->{refused};
		if ($s->{dry})
		{
			my $notices = () = $answer->{stderr} =~ /NOTICE:.*dry run: /g;
			wrong("$form->{sql}: $notices notices of a dry run, not " . @writes)
			  if $notices != @writes;
		}
		rows($form, $means, $answer);
		push @{ $s->{pending} }, @writes if !$form->{lost};
		return;
	}

	# It is sent at once, behind what is pending, unless a write has failed whose failure stands
	$count{at_once}++;
	if ($s->{doomed} && @writes)
	{
		wrong("$form->{sql} is sent after a write that failed") if $ok;
		nothing_sent('by a statement after a write that failed');
		aborted($s);
		return;
	}
	my @all = (@{ $s->{pending} }, @writes);
	$s->{pending} = [];
	if (!@all)
	{
		wrong("$form->{sql}: $answer->{stderr}") if !$ok;
		rows($form, $means, $answer) if $ok;
		must($s, $form->{behind}) if $form->{behind} && $ok;
		return;
	}
	if ($may && $answer->{sqlstate} eq $may && !told($answer->{stderr}))
	{
		aborted($s);
		nothing_sent('by a statement that was refused');
		return;
	}
	judge($s, $answer, \@all, 0);
	if ($ok)
	{
		rows($form, $means, $answer);
		must($s, $form->{behind}) if $form->{behind};
		compare("after $form->{sql}");
	}
	else
	{
		aborted($s);
	}
	return;
}

# Are two writes of one thing?
sub same
{
	my @both = map { join "\t", @$_{qw(zone service)}, $_->{what} // '' } @_;
	return $both[0] eq $both[1];
}

sub rows
{
	my ($form, $means, $answer) = @_;
	my $rows = $form->{counted} ? $answer->{output}[0] : $answer->{rows};
	return if defined $form->{rows};
	wrong("$form->{sql}: $rows rows, not $means->{rows}") if $rows != $means->{rows};
	return;
}

# A SELECT sees the API as it is, without what is pending
sub read_step
{
	my ($s) = @_;
	my @services = grep { /\ttype$/ && $now->{$_} =~ /^(?:pg|mysql)$/ } sort keys %$now;
	return if !@services;
	my ($zone, $name) = split /\t/, pick(@services);
	my $fact = sub { $now->{ join "\t", $zone, $name, $_[0] } // '' };
	my ($sql, $what) = @{
		pick(
			[
				"SELECT plan || ' ' || coalesce(termination_protection, false) FROM "
				  . "exo.dbaas_services WHERE name = '$name' AND zone = '$zone'",
				sub {
					join ' ', map { $fact->($_) } qw(plan protected);
				}
			],
			[
				"SELECT concat_ws(' ', backup_hour, backup_minute, maintenance_dow, "
				  . "maintenance_time) FROM split.dbaas_service_details WHERE zone = '$zone' AND "
				  . "service_name = '$name'",
				sub {
					join ' ', map { $fact->($_) } qw(hour minute dow time);
				}
			],
			[
				"SELECT string_agg(name, ',' ORDER BY name) FROM shown.dbaas_databases "
				  . "WHERE service_name = '$name' AND zone = '$zone' AND name ~ '^[a-z]+\$'",
				sub {
					join ',', sort map { /^\Q$zone\E\t\Q$name\E\tdatabase ([a-z]+)$/ ? $1 : () }
					  keys %$now;
				}
			])
	};
	my @answers;
	if (chance(0.4))
	{
		my $cursor = 'c' . ++$count{cursors};
		if (chance(0.5))
		{
			# It is read at COMMIT, before anything is sent
			must($s, "DECLARE $cursor CURSOR WITH HOLD FOR $sql");
			$s->{held}{$cursor} = { level => level($s), fact => $what };
			return;
		}
		must($s, "DECLARE $cursor CURSOR FOR $sql");
		@answers = @{ must($s, "FETCH 1 FROM $cursor")->{output} };
		must($s, "FETCH ALL FROM $cursor; CLOSE $cursor");
	}
	else { @answers = @{ must($s, $sql)->{output} } }
	my $is = $what->();
	wrong("$sql: \"@answers\", not \"$is\"") if "@answers" ne $is;
	return;
}

sub queued_step
{
	my ($s) = @_;
	my $answer =
	  must($s, "SELECT method || ' ' || zone || ' ' || path FROM public.dbaas_fdw_queued()");
	my $is = join "\n", map { "$_->{method} $_->{zone} $_->{path}" } @{ $s->{pending} };
	my $shown = join "\n", @{ $answer->{output} };
	wrong("dbaas_fdw_queued() shows\n$shown\ninstead of\n$is")
	  if by_group($s, $shown) ne by_group($s, $is);
	return;
}

# Rows of one statement may be in any order
sub by_group
{
	my ($s, $text) = @_;
	my @lines = split /\n/, $text;
	my @out;
	for (my $i = 0; $i < @{ $s->{pending} };)
	{
		my $n = grep { $_->{group} == $s->{pending}[$i]{group} } @{ $s->{pending} };
		push @out, sort grep { defined } splice @lines, 0, $n;
		$i += $n;
	}
	return join "\n", @out, @lines;
}

sub fault
{
	my (%fault) = @_;
	push @script, '-- fault ' . JSON::PP->new->canonical->encode(\%fault);
	$sim->fault(\%fault);
	return;
}

my %steps = (
	write => \&write_step,
	read => \&read_step,
	queued => \&queued_step,
	savepoint => sub {
		my ($s) = @_;
		my $name = 's' . level($s);
		must($s, "SAVEPOINT $name");
		push @{ $s->{savepoints} }, { name => $name, immediate => $s->{immediate} };
	},
	release => sub {
		my ($s) = @_;
		return if !level($s);
		my $to = int rand level($s);
		must($s, "RELEASE $s->{savepoints}[$to]{name}");
		foreach my $write (@{ $s->{pending} }, values %{ $s->{held} })
		{
			$write->{level} = $to if $write->{level} > $to;
		}
		splice @{ $s->{savepoints} }, $to;
	},
	rollback_to => sub { rollback_to($_[0]) },
	error => sub {
		my ($s) = @_;
		do_sql(
			$s,
			pick(
				'SELECT 1 / 0',
				'DECLARE d CURSOR FOR SELECT * FROM exo.dbaas_users WHERE zone IS NOT NULL; '
				  . 'FETCH 1 FROM d; UPDATE exo.dbaas_users SET allow_replication = true '
				  . 'WHERE CURRENT OF d'));
		aborted($s);
	},
	immediate => sub {
		my ($s) = @_;
		return if $s->{dry};
		must($s, 'SET LOCAL dbaas_fdw.write_mode = immediate');
		$s->{immediate} = 1;
	});
my @steps = (
	('write') x 20,
	('savepoint') x 4,
	('rollback_to', 'release', 'read', 'queued') x 2,
	'error', 'immediate');

sub rollback_to
{
	my ($s) = @_;
	return if !level($s);
	my $to = int rand level($s);
	my $answer = must($s, "ROLLBACK TO $s->{savepoints}[$to]{name}");
	drop_since($s, $to + 1);
	undef $s->{doomed} if $s->{doomed} && $s->{doomed}{level} > $to;
	$s->{immediate} = $s->{savepoints}[$to]{immediate};
	splice @{ $s->{savepoints} }, $to + 1;
	$s->{aborted} = 0;
	return;
}

sub begin
{
	my ($s, $alone) = @_;
	my $dry = chance(0.08);
	@$s{qw(pending savepoints sent told held)} = ([], [], [], [], {});
	@$s{qw(group immediate aborted doomed outdated)} = (0) x 5;
	@$s{qw(open dry kind)} = (1, $dry, undef);
	must($s, $alone && chance(0.25) ? 'BEGIN ISOLATION LEVEL REPEATABLE READ' : 'BEGIN');
	must($s, 'SET LOCAL dbaas_fdw.dry_run = on') if $dry;
	must($s, "INSERT INTO public.local VALUES ('$case$s->{name}')");
	return;
}

# A transaction that has written cannot be prepared; dry_run stops what is pending
sub refused_at_end
{
	my ($s) = @_;
	my @pending = @{ $s->{pending} };
	return if $s->{dry} || $s->{doomed} || !@pending || chance(0.9);
	my $prepare = chance(0.5);
	must($s, 'SET LOCAL dbaas_fdw.dry_run = on') if !$prepare;
	my $answer = do_sql($s, $prepare ? "PREPARE TRANSACTION 'fuzz'" : 'COMMIT');
	my $is = $prepare ? '0A000' : '55000';
	wrong("the end is $answer->{sqlstate}, not $is: $answer->{stderr}")
	  if $answer->{sqlstate} ne $is;
	nothing_sent('by a transaction that cannot end so');
	return 1;
}

# Ends a transaction: whether it commits
sub commit
{
	my ($s) = @_;
	return 0 if refused_at_end($s);
	my @pending = $s->{dry} ? () : @{ $s->{pending} };
	my ($disturbed, $cancel);
	nothing_sent('before COMMIT');
	my $operation_time = 0;
	if (@pending && !$s->{doomed} && chance(0.3))
	{
		# One of the writes meets a fault, or the COMMIT is cancelled
		$disturbed = 1;
		if (chance(0.5))
		{
			$cancel = rand 0.06;

			# Without a wait, a write may be refused since the one before it is not over
			$operation_time = $wait eq 'none' ? 0 : pick(0, 20, 40);
			$sim->config(operation_time => $operation_time);
		}
		else
		{
			my $write = pick(@pending);
			my @before = grep {
					 $_->{path} eq $write->{path}
				  && $_->{method} eq $write->{method}
				  && $_->{zone} eq $write->{zone}
			} @pending;
			my $hurt = pick(
				[ 'before', action => 'status', status => pick(409, 500, 503) ],
				[ 'before', action => 'close' ],
				[ 'after', action => 'close', after_processing => JSON::PP::true ],
				[ 'after', action => 'cut' ],
				(   $wait eq 'none'
					? ()
					: [
						'before',
						action => 'operation',
						state => 'failure',
						immediate => pick(JSON::PP::true, JSON::PP::false),
						reason => 'busy',
						message => 'no'
					]));
			my ($how, %fault) = @$hurt;
			my $skip = first { $before[$_] == $write } 0 .. $#before;
			fault(
				%fault,
				skip => $skip,
				map { $_ => $write->{$_} } qw(method zone path));
			$write->{hurt} = $how;
		}
	}
	start($s, 'COMMIT');
	if ($cancel)
	{
		sleep $cancel;
		push @script, sprintf '-- cancelled after %.3f s, operations take %d ms', $cancel,
		  $operation_time;
		$cancelling->sql("SELECT pg_cancel_backend($s->{session}{pid})");
	}
	my $answer = finish($s);
	$sim->clear_faults;
	$sim->config(operation_time => 0);
	$sim->settle;
	$count{commits}++;
	$count{failed}++ if $answer->{sqlstate} ne '00000';
	if ($s->{doomed})
	{
		wrong('a transaction commits of which a write has failed')
		  if $answer->{sqlstate} eq '00000';
		nothing_sent('by a COMMIT after a write that failed');
	}
	elsif ($s->{dry}) { nothing_sent('in a dry run') }
	else              { judge($s, $answer, \@pending, $disturbed) }
	return $answer->{sqlstate} eq '00000';
}

sub end
{
	my ($s) = @_;
	my $committed = 0;
	my %held = map { $_ => $s->{held}{$_}{fact}->() } sort keys %{ $s->{held} };
	if ($s->{aborted} || chance(0.15))
	{
		must($s, 'ROLLBACK');
		nothing_sent('by ROLLBACK');
	}
	else { $committed = commit($s) }

	# What is not undone is told
	if (!$committed)
	{
		my %told = map { $_->{label} => 1 } grep { $_->{state} ne 'not sent' } @{ $s->{told} };
		wrong('not told that it was sent: ' . label($_))
		  foreach grep { !$told{ label($_) } } @{ $s->{sent} };
	}
	compare("after transaction of $s->{name}");
	my $rows =
	  $cancelling->sql("SELECT count(*) FROM public.local WHERE transaction = '$case$s->{name}'");
	wrong("the local row is there $rows times, committed: $committed") if $rows != $committed;
	foreach my $cursor ($committed ? sort keys %held : ())
	{
		my $answer = must($s, "FETCH ALL FROM $cursor; CLOSE $cursor")->{output}[0] // '';
		wrong("cursor $cursor has \"$answer\", not \"$held{$cursor}\"")
		  if $answer ne $held{$cursor};
	}
	$s->{open} = 0;
	return;
}

sub transactions
{
	my @both = $sessions[0];
	push @both, $sessions[1] if chance(0.3);
	begin($_, @both == 1) foreach @both;
	foreach my $step (1 .. pick(2, 3, 4, 5, 6, 8) * @both)
	{
		my $s = pick(grep { $_->{open} } @both) or last;
		if ($s->{aborted})
		{
			if   (level($s) && chance(0.7)) { rollback_to($s) }
			else                            { end_of($s, @both) }
			next;
		}
		$steps{ pick(@steps) }->($s);
		end_of($s, @both) if @both > 1 && chance(0.1);
		last if @problems;
	}
	foreach my $s (grep { $_->{open} } @both)
	{
		last if @problems;
		end_of($s, @both);
	}
	$_->{session}->sql_both('ROLLBACK; CLOSE ALL; DEALLOCATE ALL') foreach @both;
	return;
}

# What one session has changed, the other's statements may not know
sub end_of
{
	my ($s, @both) = @_;
	end($s);
	$_->{outdated} = 1 foreach grep { $_ != $s } @both;
	return;
}

my $bad = 0;
while (random_goes_on() && $bad < 3)
{
	$case++;
	if ($case % 4 == 1)
	{
		$sim->reset;
		$now = $model->facts;
		if (chance(0.3))
		{
			$wait = pick(qw(none operation running));
			$t->sql("ALTER SERVER $_ OPTIONS (" . ($count{$_}++ ? 'SET' : 'ADD') . " wait '$wait')")
			  foreach @servers;
		}
		@script = ();
	}
	push @script, "-- transaction $case, wait $wait";
	@problems = ();
	$sim->clear;
	transactions();
	next if !@problems;
	$bad++;
	fail("transaction $case");
	diag("$_\n") foreach @problems;
	diag($_) foreach @script;
	$sim->clear_faults;
	$sim->reset;
	$now = $model->facts;
}
is($bad, 0, "$case transactions leave the API as they have to");
note(join ', ', map { "$count{$_} $_" } grep { !/_|exo/ } sort keys %count);
cmp_ok($count{writes}, '>', $case / 5, 'and write something');
done_testing();
