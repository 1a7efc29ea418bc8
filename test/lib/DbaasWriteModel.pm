package DbaasWriteModel;

=head1 NAME

DbaasWriteModel - random writes, and what each means to the API

=head1 SYNOPSIS

    use DbaasWriteModel;

    my $model = DbaasWriteModel->new($sim);
    $model->create($t);                           # views and partitions of the tables
    my $facts = $model->facts;                    # what the API shows now


    # A random INSERT, UPDATE or DELETE
    my $statement = $model->statement($facts, undef, \@pending);
    print $statement->{sql};
    my $means = $statement->{means}->($facts, $then, \@pending);
    if (!$means->{refused}) { DbaasWriteModel::api($then, $_) foreach @{ $means->{writes} } }
    print DbaasWriteModel::differences($then, $model->facts);

=head1 DESCRIPTION

The model knows nothing of the wrapper.  It has two halves, each of which follows the
documentation alone:

The API is a hash of facts, "zone, service, what" joined by tabs, and a write changes some of
them, or is refused with an HTTP status: C<api>.

A statement finds its rows in what the API shows now, and compares them with what it will show
when the writes that are pending have been sent: C<means>.  It returns the number of rows and
the writes, or the SQLSTATE with which the statement is refused.

=head1 METHODS AND FUNCTIONS

=over

=item new($sim)

For a simulator, whose services are those that the model is about.

=item create($t, %server)

Makes what shows the same things by other names: views in schema shown, and partitioned tables in
schema split, whose partitions are of the servers part_0, part_1 and so on, one for each zone, with
these options.

=item facts

What the API shows now, read without the wrapper.

=item statement($facts, $kind, $pending)

A random write, of that kind if there can be one, where these are pending: C<sql>, C<means>,
C<command>, the C<kind> of what it is about, and C<zone>, its column for RETURNING.  Constants in
C<sql> are marked as in DbaasQueries: "\x01type|value\x02".

=item api($facts, $write)

Changes the facts as the API does on a write, and returns the HTTP status.

=item after($facts, @writes)

A copy of the facts, as these writes leave them.

=item differences($expected, $actual)

What differs between facts, as texts.  What is expected to be undef is not compared, and
neither are the ids of what is new.

=back

=cut

use strict;
use warnings;

use Cpanel::JSON::XS qw(decode_json);
use DbaasRandom qw(pick chance shuffled);

my $json = Cpanel::JSON::XS->new->canonical->allow_nonref;
my %segment = (pg => 'postgres');
my @plans = qw(hobbyist-2 startup-4 startup-8 business-4 business-8);
my @days = qw(monday tuesday wednesday thursday friday);
my @filters = (
	['0.0.0.0/0'], ['192.0.2.0/24'],
	[ '198.51.100.7/32', '203.0.113.9/32' ],
	[ '192.0.2.0/24', '198.51.100.7/32' ]);

sub key { return join "\t", @_ }

sub new
{
	my ($class, $sim) = @_;
	return bless { sim => $sim, zones => [ $sim->zones ], read => {} }, $class;
}

# ---------------------------------------------------------------------------
# What the API shows
# ---------------------------------------------------------------------------

# What a response says, by a function that is called again only when it is another one
sub _read
{
	my ($self, $zone, $path, $make) = @_;
	my $content = $self->{sim}->get($path, zone => $zone)->{content};
	my $known = $self->{read}{"$zone $path"} //= [''];
	@$known = ($content, $make->(decode_json($content))) if $known->[0] ne $content;
	return $known->[1];
}

# Members of a service that its plan decides, that change by themselves, or that are facts
my @no_rest = qw(updated-at created-at state node-states node-count node-cpu-count node-memory
  disk-size components backups connection-info uri uri-params integrations plan users databases
  connection-pools ip-filter maintenance backup-schedule termination-protection notifications);

sub _service_facts
{
	my ($zone, $name, $type, $all) = @_;
	my %facts = (
		type => $type,
		plan => $all->{plan},
		protected => $all->{'termination-protection'} ? 'true' : 'false',
		ip_filter => join(',', sort @{ $all->{'ip-filter'} // [] }),
		dow => $all->{maintenance}{dow},
		time => $all->{maintenance}{time});
	@facts{qw(hour minute)} = @{ $all->{'backup-schedule'} }{qw(backup-hour backup-minute)}
	  if $all->{'backup-schedule'};
	$facts{"user $_->{username}"} =
	  exists $_->{'allow-replication'} ? $_->{'allow-replication'} ? 'true' : 'false' : ''
	  foreach @{ $all->{users} // [] };
	$facts{ 'database ' . (ref ? $_->{'database-name'} // $_->{name} : $_) } = ''
	  foreach @{ $all->{databases} // [] };
	$facts{"pool $_->{name}"} = join ' ', @$_{qw(database username mode size)}
	  foreach @{ $all->{'connection-pools'} // [] };
	my $settings = $all->{"$type-settings"} // {};
	$facts{"setting $_"} = $json->encode($settings->{$_}) foreach keys %$settings;
	my %rest = %$all;
	delete @rest{ @no_rest, "$type-settings" };
	$facts{rest} = $json->encode(\%rest);
	return { map { key($zone, $name, $_) => $facts{$_} } keys %facts };
}

sub facts
{
	my ($self) = @_;
	my %facts;
	foreach my $zone (@{ $self->{zones} })
	{
		my $list = $self->_read($zone, '/dbaas-service', sub { $_[0]{'dbaas-services'} });
		foreach my $service (@$list)
		{
			my ($name, $type) = @$service{qw(name type)};
			my $base = '/dbaas-' . ($segment{$type} // $type) . "/$name";
			my $inside =
			  $self->_read($zone, $base, sub { _service_facts($zone, $name, $type, @_) });
			@facts{ keys %$inside } = values %$inside;
			$facts{ key($zone, '', "integration $_->{id}") } = join ' ',
			  @$_{qw(type source dest)}, $json->encode($_->{settings} // {})
			  foreach @{ $service->{integrations} // [] };
			next if $type ne 'kafka';
			my $acls = $self->_read($zone, "$base/acl-config", sub { $_[0] });
			foreach my $kind (qw(topic schema-registry))
			{
				$facts{ key($zone, $name, "acl $_->{id}") } = join ' ', $kind, $_->{username},
				  $_->{topic} // $_->{resource}, $_->{permission}
				  foreach @{ $acls->{"$kind-acl"} // [] };
			}
		}
	}
	return \%facts;
}

sub differences
{
	my @both = map {
		my %shown;
		foreach my $fact (keys %$_)
		{
			my ($zone, $service, $what) = split /\t/, $fact;
			if ($what =~ /^(acl|integration) /)
			{
				$shown{ key($zone, $service, "$1 $_->{$fact}") }++;
			}
			else
			{
				$shown{$fact} = $_->{$fact};
			}
		}
		\%shown
	} @_;
	my ($expected, $actual) = @both;
	my @differences;
	foreach my $fact (sort keys %{ { %$expected, %$actual } })
	{
		next if exists $expected->{$fact} && !defined $expected->{$fact};
		my ($wanted, $is) = map { $_->{$fact} // 'nothing' } $expected, $actual;
		push @differences, "$fact: $is, not $wanted" if $is ne $wanted;
	}
	return @differences;
}

# ---------------------------------------------------------------------------
# What a write does
# ---------------------------------------------------------------------------

sub _has { my ($facts, @key) = @_; return exists $facts->{ key(@key) } }

# The pools of a service that use a database or a user
sub _users_of
{
	my ($facts, $zone, $service, $what) = @_;
	my ($kind, $name) = split / /, $what, 2;
	my $place = $kind eq 'database' ? 0 : 1;
	return grep { /^\Q$zone\E\t\Q$service\E\tpool / && (split / /, $facts->{$_})[$place] eq $name }
	  keys %$facts;
}

# The integrations of a zone: "type source dest"
sub _integrations
{
	my ($facts, $zone, $joins) = @_;
	return grep { /^\Q$zone\E\t\tintegration/ && $facts->{$_} =~ /^\Q$joins\E / } sort keys %$facts;
}

sub _new_service
{
	my ($facts, $write) = @_;
	my ($zone, $name) = @$write{qw(zone service)};
	my %made = (
		type => $write->{type},
		plan => $write->{plan},
		protected => 'false',
		ip_filter => '',
		map({ $_ => undef } qw(dow time rest)));
	@made{ 'user avnadmin', 'database defaultdb', 'hour', 'minute' } = ('true', '')
	  if $write->{type} eq 'pg';
	$made{'user default'} = undef if $write->{type} eq 'valkey';
	$facts->{ key($zone, $name, $_) } = $made{$_} foreach keys %made;
	return 200;
}

# By operation: the status that refuses it, or its effect
my %api = (
	service => sub {
		my ($facts, $w) = @_;
		return $w->{refusal} if $w->{refusal};
		return 409 if _has($facts, @$w{qw(zone service)}, 'type');
		return _new_service($facts, $w);
	},
	no_service => sub {
		my ($facts, $w) = @_;
		return 404 if !_has($facts, @$w{qw(zone service)}, 'type');
		return 403 if $facts->{ key(@$w{qw(zone service)}, 'protected') } eq 'true';
		foreach my $fact (keys %$facts)
		{
			my ($zone, $service, $what) = split /\t/, $fact;
			next if $zone ne $w->{zone};
			my @ends = $what =~ /^integration/ ? (split / /, $facts->{$fact})[ 1, 2 ] : $service;
			delete $facts->{$fact} if grep { $_ eq $w->{service} } @ends;
		}
		return 200;
	},
	set => sub {
		my ($facts, $w) = @_;
		my @place = @$w{qw(zone service)};
		return 404 if $w->{service} ne '' && !_has($facts, @place, 'type');
		return 404 if $w->{what} && !_has($facts, @place, $w->{what});
		my %set = %{ $w->{set} };
		if ($w->{what} && $w->{what} =~ /^pool/)
		{
			my @pool = split / /, $facts->{ key(@place, $w->{what}) };
			my ($database, $username, $mode, $size) =
			  map { $set{ (qw(database username mode size))[$_] } // $pool[$_] } 0 .. 3;
			return 422
			  if !_has($facts, @place, "database $database")
			  || !_has($facts, @place, "user $username");
			%set = ($w->{what} => "$database $username $mode $size");
		}
		$facts->{ key(@place, $_) } = $set{$_} foreach keys %set;
		return 200;
	},
	make => sub {
		my ($facts, $w) = @_;
		my @place = @$w{qw(zone service)};
		return 404 if $w->{service} ne '' && !_has($facts, @place, 'type');
		if ($w->{what} =~ /^pool/)
		{
			my ($database, $username) = split / /, $w->{value};
			return 422
			  if !_has($facts, @place, "database $database")
			  || !_has($facts, @place, "user $username");
		}
		return 409 if _has($facts, @place, $w->{what});
		if ($w->{what} =~ /^integration/)
		{
			my ($type, $source, $dest) = split / /, $w->{value};
			return 404 if grep { !_has($facts, $w->{zone}, $_, 'type') } $source, $dest;
			return 409 if _integrations($facts, $w->{zone}, "$type $source $dest");
		}
		$facts->{ key(@place, $w->{what}) } = $w->{value};
		return 200;
	},
	drop => sub {
		my ($facts, $w) = @_;
		my @place = @$w{qw(zone service)};
		return 404 if !_has($facts, @place, $w->{what});
		return 409 if $w->{what} eq 'user avnadmin' || _users_of($facts, @place, $w->{what});
		delete $facts->{ key(@place, $w->{what}) };
		return 200;
	});

sub api { my ($facts, $write) = @_; return $api{ $write->{does} }->($facts, $write) }

sub after
{
	my ($facts, @writes) = @_;
	my %copy = %$facts;
	api(\%copy, $_) foreach @writes;
	return \%copy;
}

# ---------------------------------------------------------------------------
# Statements
# ---------------------------------------------------------------------------

# Tables that are shown by other names, too
my @inside = qw(service_details users databases connection_pools kafka_acls services integrations);

sub create
{
	my ($self, $t, %server) = @_;
	my @zones = @{ $self->{zones} };
	$t->add_server(
		"part_$_", "part_$_",
		endpoint => $self->{sim}->endpoint_template,
		zones => $zones[$_],
		%server) foreach 0 .. $#zones;
	$t->sql(
		'CREATE SCHEMA shown; CREATE SCHEMA split;' . join '',
		map {
			my $table = $_;
			"CREATE TABLE split.dbaas_$table (LIKE exo.dbaas_$table) PARTITION BY LIST (zone);"
			  . "CREATE VIEW shown.dbaas_$table AS SELECT * FROM exo.dbaas_$table;"
			  . join '', map {
					"ALTER TABLE split.dbaas_$table ATTACH PARTITION part_$_.dbaas_$table "
				  . "FOR VALUES IN ('$zones[$_]');"
			  } 0 .. $#zones
		} @inside);
	return;
}

sub constant { return "\x01$_[0]|$_[1]\x02" }
sub text     { return constant(text => $_[0]) }

sub table { return pick(qw(exo exo split shown)) . ".dbaas_$_[0]" }

# Services of a type, as [zone, name]; and the condition that finds them
sub _services
{
	my ($facts, $type, $column) = @_;
	my @all = map { [ (split /\t/)[ 0, 1 ] ] }
	  grep { /\ttype$/ && $facts->{$_} eq $type } sort keys %$facts;
	@all = (shuffled(@all))[ 0 .. (chance(0.25) && @all > 1 ? 1 : 0) ];
	return if !$all[0];
	my @names = map { text($_->[1]) } @all;
	my $zone = $column =~ s/\w+$/zone/r;
	my $where = pick(
		"$column IN (" . join(', ', @names) . ')',
		"$column = ANY (ARRAY[" . join(', ', @names) . '])');
	$where = "$column = $names[0]" if @names == 1 && chance(0.7);
	$where .= " AND $zone " . (@all == 1 ? '= ' . text($all[0][0]) : 'IS NOT NULL')
	  if @all == 1 && chance(0.6);
	return ($where, @all);
}

# Is the service deleted by a pending write?
sub _gone { my ($then, $zone, $service) = @_; return !_has($then, $zone, $service, 'type') }

sub _path
{
	my ($facts, $zone, $service, $below) = @_;
	my $type = $facts->{ key($zone, $service, 'type') };
	return '/dbaas-' . ($segment{$type} // $type) . "/$service" . ($below // '');
}

# A statement that sets facts of each of some services, if they differ from what they will be
sub _set_facts
{
	my ($services, $set, $computed) = @_;
	return sub {
		my ($now, $then) = @_;
		my @writes;
		my $rows = 0;
		foreach my $service (@$services)
		{
			my ($zone, $name) = @$service;
			next if !_has($now, $zone, $name, 'type') || _gone($then, $zone, $name);
			$rows++;
			my $was = sub { $_[0]->{ key($zone, $name, $_[1]) } };
			my %set = %$set;
			if ($computed)
			{
				return { refused => '0A000' } if $was->($now, 'hour') ne $was->($then, 'hour');
				$set{hour} = ($was->($now, 'hour') + 1) % 24;
			}
			my %differs = map { $_ => $set{$_} }
			  grep { ($was->($then, $_) // 'nothing') ne $set{$_} } keys %set;
			next if !%differs;

			# What the API wants with every change, or together
			my @with = defined $was->($then, 'hour') ? qw(hour minute) : ();
			push @with, qw(dow time) if grep { /^(?:dow|time)$/ } keys %differs;
			push @writes,
			  {
				does => 'set',
				method => 'PUT',
				zone => $zone,
				service => $name,
				path => _path($now, $zone, $name),
				set => { map({ $_ => $was->($then, $_) } @with), %differs },
				changes => \%differs
			  };
		}
		return { rows => $rows, writes => \@writes };
	};
}

# A statement that sets a fact of each of some services to what a fact of another one says, if the
# statement reads that as it will be.  $reads says how it finds the other one: as a "row" that it
# names, among "rows" of which it does not tell which one it is, or by a subquery that is a "value"
sub _set_from
{
	my ($services, $fact, $other, $from, $value, $reads) = @_;
	return sub {
		my ($now, $then, $pending) = @_;
		my $means =
		  _set_facts($services, { $fact => $value->($now->{ key(@$other, $from) }) })
		  ->($now, $then);
		my @there = grep { _has($now, @$_, 'type') } @$services;
		return $means if $reads eq 'value' || !@there;
		my ($stale, $perhaps);
		if ($reads eq 'row')
		{
			$stale = !_gone($then, @$other)
			  && $now->{ key(@$other, $from) } ne $then->{ key(@$other, $from) };
		}
		else
		{
			$stale = grep { $_->{changes} && exists $_->{changes}{$from} } @$pending;
			$perhaps =
			  grep { $_->{does} eq 'service' || ($_->{changes} && exists $_->{set}{$from}) }
			  @$pending;
		}

		# A row that is gone may be refused, or not be there
		return { refused => '0A000' } if $stale && $means->{rows} == @there;
		return { %$means, may => $stale || $perhaps ? '0A000' : undef };
	};
}

# Something inside a service, which is made
sub _make
{
	my ($zone, $service, $what, $value, $below, $name) = @_;
	return sub {
		my ($now, $then, $pending) = @_;
		return { refused => '42704' } if _gone($then, $zone, $service);
		my @same =
		  grep { $_->{zone} eq $zone && $_->{service} eq $service && ($_->{what} // '') eq $what }
		  @$pending;
		return { refused => '23505' } if @same && $same[-1]{does} ne 'drop';
		if ($what =~ /^pool/)
		{
			my ($database, $username) = split / /, $value;
			foreach my $needs ("database $database", "user $username")
			{
				return { refused => '42704' }
				  if _has($now, $zone, $service, $needs) && !_has($then, $zone, $service, $needs);
			}
		}
		return {
			rows => 1,
			writes => [
				{
					does => 'make',
					method => 'POST',
					zone => $zone,
					service => $service,
					what => $what,
					value => $value,
					name => $name,
					path => _path($now, $zone, $service, $below)
				}
			]
		};
	};
}

# Something of a service, which is dropped
sub _drop
{
	my ($services, $what, $below) = @_;
	return sub {
		my ($now, $then) = @_;
		my @writes;
		foreach my $service (@$services)
		{
			my ($zone, $name) = @$service;
			next if !_has($now, $zone, $name, $what) || !_has($then, $zone, $name, $what);
			return { refused => '55006' } if _users_of($then, $zone, $name, $what);
			push @writes,
			  {
				does => 'drop',
				method => 'DELETE',
				zone => $zone,
				service => $name,
				what => $what,
				path => _path($now, $zone, $name, $below)
			  };
		}
		return { rows => scalar @writes, writes => \@writes };
	};
}

my $made = 0;

# The table and its column that an UPDATE sets, the fact that this is, the expression of another row
# p and its table, the fact that it reads, and the value for that
my $same = sub { $_[0] };
my @copies = (
	[
		service_details => 'ip_filter',
		'ip_filter', 'p.ip_filter',
		service_details => 'ip_filter',
		$same
	],
	[
		service_details => 'maintenance_dow',
		'dow', 'p.maintenance_dow',
		service_details => 'dow',
		$same
	],
	[ service_details => 'backup_hour', 'hour', 'p.backup_hour', service_details => 'hour', $same ],
	[
		service_details => 'backup_hour',
		'hour', '(p.backup_hour + 1) % 24',
		service_details => 'hour',
		sub { ($_[0] + 1) % 24 }
	],
	[
		service_details => 'maintenance_dow',
		'dow', "CASE WHEN p.backup_hour < 12 THEN 'monday' ELSE 'friday' END",
		service_details => 'hour',
		sub { $_[0] < 12 ? 'monday' : 'friday' }
	],
	[
		service_details => 'maintenance_dow',
		'dow', "CASE WHEN p.termination_protection THEN 'monday' ELSE 'friday' END",
		services => 'protected',
		sub { $_[0] eq 'true' ? 'monday' : 'friday' }
	],
	[
		services => 'termination_protection',
		'protected', 'p.backup_minute > 10',
		service_details => 'minute',
		sub { $_[0] > 10 ? 'true' : 'false' }
	],
	[ services => 'plan', 'plan', 'p.plan', services => 'plan', $same ]);

# How p is found: FROM, the conditions beside it, and what is before the UPDATE
my @sources = (
	(sub { return { from => "$_[0] AS p", where => $_[1], reads => 'row' } }) x 3,
	sub { return { from => "(SELECT * FROM $_[0] AS p WHERE $_[1]) AS p", reads => 'row' } },
	sub {
		return {
			from => "(VALUES (1)) AS v LEFT JOIN $_[0] AS p ON $_[1]",
			reads => 'row'
		};
	},
	sub {
		my $rest = pick('OFFSET 0', 'LIMIT 1');
		return { from => "(SELECT * FROM $_[0] AS p WHERE $_[1] $rest) AS p", reads => 'rows' };
	},
	sub {
		my $as = pick('AS', 'AS MATERIALIZED');
		return {
			before => "WITH p $as (SELECT * FROM $_[0] AS p WHERE $_[1]) ",
			from => 'p',
			reads => $as eq 'AS' ? 'row' : 'rows'
		};
	},
	sub { return { value => "(SELECT $_[2] FROM $_[0] AS p WHERE $_[1])", reads => 'value' } });

my %statements = (
	copied => sub {
		my ($facts, $self, $pending) = @_;
		my ($table, $column, $fact, $value, $other_table, $from, $of) = @{ pick(@copies) };
		my ($name, $other_name) =
		  map { $_ eq 'services' ? 'name' : 'service_name' } $table, $other_table;
		my ($where, @services) =
		  _services($facts, pick('pg', 'pg', $fact eq 'hour' ? 'mysql' : 'valkey'), "d.$name")
		  or return;
		my @others = grep {
			my ($zone, $service) = @$_;
			my $is = $facts->{ key($zone, $service, $from) } // '';
			$from eq 'plan' ? grep { $_ eq $is } @plans : $is ne ''
		} map { [ (split /\t/)[ 0, 1 ] ] } grep { /\ttype$/ && $facts->{$_} =~ /^(?:pg|mysql)$/ }
		  sort keys %$facts;
		return if !@others;
		my @changed = grep {
			my ($zone, $service) = @$_;
			grep { $_->{zone} eq $zone && $_->{service} eq $service && $_->{changes} } @$pending;
		} @others;
		my $other = @changed && chance(0.5) ? pick(@changed) : pick(@others);
		my ($into, $source_table) = (table($table), table($other_table));
		my $source = pick(@sources)->(
			$source_table,
			'p.zone = ' . text($other->[0]) . " AND p.$other_name = " . text($other->[1]), $value);
		my $reads = $source->{reads};
		$reads = 'rows' if $reads eq 'row' && "$into $source_table" =~ /split/;
		my $sql =
			($source->{before} // '')
		  . "UPDATE $into AS d SET $column = "
		  . ($source->{value} // $value)
		  . ($source->{from} ? " FROM $source->{from}" : '')
		  . ' WHERE '
		  . join ' AND ', grep { $_ } $where, $source->{where};
		return ($sql, _set_from(\@services, $fact, $other, $from, $of, $reads), 'd.zone');
	},
	plan => sub {
		my ($facts) = @_;
		my ($where, @services) = _services($facts, pick(qw(pg pg mysql valkey)), 'name') or return;
		my %set;
		$set{plan} = pick(@plans) if chance(0.7);
		$set{protected} = pick('true', 'false') if !%set || chance(0.3);
		my @set;
		push @set, 'plan = ' . text($set{plan}) if $set{plan};
		push @set, 'termination_protection = ' . constant(boolean => $set{protected})
		  if $set{protected};
		push @set, 'plan = plan' if !$set{plan} && chance(0.2);
		return (
			'UPDATE ' . table('services') . ' SET ' . join(', ', shuffled(@set)) . " WHERE $where",
			_set_facts(\@services, \%set));
	},
	details => sub {
		my ($facts) = @_;
		my $type = pick(qw(pg pg pg mysql valkey));
		my ($where, @services) = _services($facts, $type, 'service_name') or return;
		my (%set, @set, $computed);
		my %choice = (
			ip_filter => sub {
				my @filter = @{ pick(@filters) };
				$set{ip_filter} = join ',', sort @filter;
				@filter = map { chance(0.5) ? s{/32$}{}r : $_ } shuffled(@filter);
				push @set, 'ip_filter = ' . constant('text[]', '{' . join(',', @filter) . '}');
			},
			dow => sub {
				$set{dow} = pick(@days);
				push @set, 'maintenance_dow = ' . text($set{dow});
			},
			time => sub {
				$set{time} = pick('03:00:00', '14:15:00', '05:55:00');
				push @set, 'maintenance_time = ' . text($set{time});
			});
		$choice{hour} = sub {
			$set{hour} = int rand 4;
			push @set, 'backup_hour = ' . constant(bigint => $set{hour});
		  }
		  if $type ne 'valkey';
		$choice{minute} = sub {
			$set{minute} = 10 * int rand 3;
			push @set, 'backup_minute = ' . constant(bigint => $set{minute});
		  }
		  if $type ne 'valkey';
		$choice{settings} = sub {
			my %members =
			  map { $_->[0] => $_->[1] }
			  (shuffled([ jit => pick('true', 'false') ], [ deadlock_timeout => pick(600, 900) ]))
			  [ 0 .. int rand 2 ];
			$set{"setting $_"} = $members{$_} foreach keys %members;
			push @set,
			  "settings = coalesce(settings, '{}') || "
			  . constant(
				jsonb => '{' . join(', ', map { qq("$_": $members{$_}) } sort keys %members) . '}');
		  }
		  if $type eq 'pg';
		$choice{$_}->() foreach (shuffled(sort keys %choice))[ 0 .. int rand 2 ];
		if ($type ne 'valkey' && !exists $set{hour} && chance(0.1))
		{
			$computed = 1;
			push @set, 'backup_hour = (backup_hour + 1) % 24';
		}
		return (
			'UPDATE '
			  . table('service_details') . ' SET '
			  . join(', ', shuffled(@set))
			  . " WHERE $where",
			_set_facts(\@services, \%set, $computed));
	},
	no_service => sub {
		my ($facts) = @_;
		my ($where, @services) = _services($facts, pick(qw(pg mysql kafka valkey grafana)), 'name')
		  or return;
		return (
			'DELETE FROM ' . table('services') . " WHERE $where",
			sub {
				my ($now, $then) = @_;
				my @there = grep { _has($now, @$_, 'type') && !_gone($then, @$_) } @services;
				return { refused => '55006' }
				  if grep { $then->{ key(@$_, 'protected') } eq 'true' } @there;
				return {
					rows => scalar @there,
					writes => [
						map {
							{
								does => 'no_service',
								method => 'DELETE',
								zone => $_->[0],
								service => $_->[1],
								path => "/dbaas-service/$_->[1]"
							}
						} @there
					]
				};
			});
	},
	service => sub {
		my ($facts, $self) = @_;
		my $number = int rand @{ $self->{zones} };
		my $zone = $self->{zones}[$number];
		my $type = pick(qw(pg pg valkey));
		my $name = "new-$type-$number";
		my $plan = pick(@plans, 'premium-8');
		return (
			'INSERT INTO '
			  . table('services')
			  . ' (zone, name, type, plan) VALUES ('
			  . join(', ', map { text($_) } $zone, $name, $type, $plan) . ')',
			sub {
				my ($now, $then, $pending) = @_;
				my @same = grep {
						 $_->{zone} eq $zone
					  && $_->{service} eq $name
					  && ($_->{does} =~ /service/ || $_->{path} =~ m{/$name$})
				} @$pending;
				return { refused => '23505' } if @same && $same[-1]{does} ne 'no_service';
				return {
					rows => 1,
					writes => [
						{
							does => 'service',
							method => 'POST',
							zone => $zone,
							service => $name,
							type => $type,
							plan => $plan,
							refusal => $plan eq 'premium-8' && ($number ? 422 : 403),
							path => '/dbaas-' . ($segment{$type} // $type) . "/$name"
						}
					]
				};
			});
	},
	database => sub {
		my ($facts) = @_;
		my ($where, @services) = _services($facts, pick(qw(pg mysql)), 'service_name') or return;
		my $name = pick(qw(one one two defaultdb));
		if (chance(0.6))
		{
			my ($zone, $service) = @{ $services[0] };
			return (
				'INSERT INTO '
				  . table('databases')
				  . ' (zone, service_name, name) VALUES ('
				  . join(', ', map { text($_) } $zone, $service, $name) . ')',
				_make($zone, $service, "database $name", '', '/database', $name));
		}
		return ('DELETE FROM ' . table('databases') . " WHERE $where AND name = " . text($name),
			_drop(\@services, "database $name", "/database/$name"));
	},
	user => sub {
		my ($facts) = @_;
		my $type = pick(qw(pg pg kafka));
		my ($where, @services) = _services($facts, $type, 'service_name') or return;
		my $name = pick(qw(adam adam user_1 avnadmin));
		my $how = rand;
		if ($how < 0.4)
		{
			my ($zone, $service) = @{ $services[0] };
			return (
				'INSERT INTO '
				  . table('users')
				  . ' (zone, service_name, username) VALUES ('
				  . join(', ', map { text($_) } $zone, $service, $name) . ')',
				_make($zone, $service, "user $name", $type eq 'pg' ? 'false' : '', '/user', $name));
		}
		return ('DELETE FROM ' . table('users') . " WHERE $where AND username = " . text($name),
			_drop(\@services, "user $name", "/user/$name"))
		  if $how < 0.65 || $type ne 'pg';
		my $allow = pick('true', 'false');
		return (
			'UPDATE '
			  . table('users')
			  . ' SET allow_replication = '
			  . constant(boolean => $allow)
			  . " WHERE $where AND username = "
			  . text($name),
			_set_below(
				\@services, "user $name",
				{ "user $name" => $allow }, "/user/$name/allow-replication"));
	},
	pool => sub {
		my ($facts) = @_;
		my ($where, @services) = _services($facts, 'pg', 'service_name') or return;
		my $name = pick(qw(pool_1 pool_1 new));
		my %set = (
			database => pick(qw(defaultdb defaultdb one)),
			username => pick(qw(avnadmin avnadmin adam user_1)),
			mode => pick(qw(session statement)),
			size => 1 + int rand 9);
		my %sql = map { $_ => $_ eq 'size' ? constant(bigint => $set{$_}) : text($set{$_}) }
		  keys %set;
		my $how = rand;
		if ($how < 0.35)
		{
			my ($zone, $service) = @{ $services[0] };
			return (
				'INSERT INTO '
				  . table('connection_pools')
				  . ' (zone, service_name, name, database, username, mode, size) VALUES ('
				  . join(', ',
					(map { text($_) } $zone, $service, $name),
					@sql{qw(database username mode size)})
				  . ')',
				_make(
					$zone, $service, "pool $name", join(' ', @set{qw(database username mode size)}),
					'/connection-pool', $name));
		}
		return (
			'DELETE FROM ' . table('connection_pools') . " WHERE $where AND name = " . text($name),
			_drop(\@services, "pool $name", "/connection-pool/$name")) if $how < 0.6;
		my @columns = (shuffled(sort keys %set))[ 0 .. int rand 2 ];
		return (
			'UPDATE '
			  . table('connection_pools') . ' SET '
			  . join(', ', map { "$_ = $sql{$_}" } @columns)
			  . " WHERE $where AND name = "
			  . text($name),
			_set_below(
				\@services, "pool $name",
				{ map { $_ => $set{$_} } @columns }, "/connection-pool/$name"));
	},
	acl => sub {
		my ($facts) = @_;
		my ($where, @services) = _services($facts, 'kafka', 'service_name') or return;
		my $user = pick(qw(eve user_1 adam));
		if (chance(0.6))
		{
			my ($zone, $service) = @{ $services[0] };
			my ($kind, $resource, $permission) = @{
				pick(
					[ 'topic', pick('a', 'b'), pick(qw(read write)) ],
					[ 'schema-registry', 'Subject:a', 'schema_registry_read' ])
			};
			my $id = 'new' . ++$made;
			return (
				'INSERT INTO '
				  . table('kafka_acls')
				  . ' (zone, service_name, kind, username, resource, permission) VALUES ('
				  . join(
					', ', map { text($_) } $zone, $service, $kind, $user, $resource, $permission)
				  . ')',
				_make(
					$zone, $service, "acl $id", "$kind $user $resource $permission",
					"/$kind/acl-config"));
		}
		return (
			'DELETE FROM ' . table('kafka_acls') . " WHERE $where AND username = " . text($user),
			sub {
				my ($now, $then) = @_;
				my @writes;
				foreach my $fact (sort keys %$now)
				{
					my ($zone, $service, $what) = split /\t/, $fact;
					next
					  if !grep { $_->[0] eq $zone && $_->[1] eq $service } @services;
					next if $what !~ /^acl (.*)/ || !exists $then->{$fact};
					my ($id, $kind, $of) = ($1, split / /, $now->{$fact});
					push @writes,
					  {
						does => 'drop',
						method => 'DELETE',
						zone => $zone,
						service => $service,
						what => $what,
						path => _path($now, $zone, $service, "/$kind/acl-config/$id")
					  }
					  if $of eq $user;
				}
				return { rows => scalar @writes, writes => \@writes };
			});
	},
	integration => sub {
		my ($facts, $self) = @_;
		my $zone = pick(@{ $self->{zones} });
		my $number = $zone eq $self->{zones}[0] ? 1 : 2;
		my ($source, $dest) =
		  (pick("grafana-$number-0006", "mysql-$number-0002"), "thanos-$number-0007");
		my $joins = "metrics $source $dest";
		my $days = 1 + int rand 3;
		my $how = rand;
		if ($how < 0.45)
		{
			my $what = 'integration new' . ++$made;
			return (
				'INSERT INTO '
				  . table('integrations')
				  . ' (zone, type, source, dest, settings) VALUES ('
				  . join(', ', map { text($_) } $zone, 'metrics', $source, $dest) . ', '
				  . constant(jsonb => qq({"retention-days": $days})) . ')',
				sub {
					my ($now, $then, $pending) = @_;

					# Only the API says that there is no such service: the path names none.
					# What is changed may be made again by others that hold it for another one
					return { refused => '42704' }
					  if grep { !_gone($now, $zone, $_) && _gone($then, $zone, $_) } $source, $dest;
					my ($there) = _integrations($then, $zone, $joins);
					my @same = grep { ($_->{what} // '') =~ /^integration/ && $_->{zone} eq $zone }
					  @$pending;
					my $new = $there && !exists $now->{$there};
					return { refused => '23505' } if $new;
					return {
						rows => 1,
						may => $there && @same ? '23505' : undef,
						writes => [
							{
								does => 'make',
								method => 'POST',
								zone => $zone,
								service => '',
								what => $what,
								value => qq($joins {"retention-days":$days}),
								path => '/dbaas-integration'
							}
						]
					};
				});
		}
		my $where = join ' AND ', map { "$_->[0] = " . text($_->[1]) }[ zone => $zone ],
		  [ type => 'metrics' ], [ source => $source ], [ dest => $dest ];
		my $update = $how < 0.75;
		return (
			$update
			? 'UPDATE '
			  . table('integrations')
			  . ' SET settings = '
			  . constant(jsonb => qq({"retention-days": $days}))
			  . " WHERE $where"
			: 'DELETE FROM ' . table('integrations') . " WHERE $where",
			sub {
				my ($now, $then) = @_;
				my @there = grep { exists $then->{$_} } _integrations($now, $zone, $joins);
				my $value = qq($joins {"retention-days":$days});
				my @writes = map {
					my ($what, $id) = (split /\t/)[2] =~ /^(integration (.*))/;
					{
						does => $update ? 'set' : 'drop',
						method => $update ? 'PUT' : 'DELETE',
						zone => $zone,
						service => '',
						what => $what,
						set => { $what => $value },
						path => "/dbaas-integration/$id"
					}
				} grep { !$update || $then->{$_} ne $value } @there;
				return { rows => scalar @there, writes => \@writes };
			});
	});

# Sets what is inside a service: a user, a pool
sub _set_below
{
	my ($services, $what, $set, $below) = @_;
	return sub {
		my ($now, $then) = @_;
		my @writes;
		my $rows = 0;
		foreach my $service (@$services)
		{
			my ($zone, $name) = @$service;
			next if !_has($now, $zone, $name, $what) || !_has($then, $zone, $name, $what);
			$rows++;
			my %is = ($what => $then->{ key($zone, $name, $what) });
			@is{qw(database username mode size)} = split / /, $is{$what} if $what =~ /^pool/;
			my %differs = map { $_ => $set->{$_} } grep { $is{$_} ne $set->{$_} } keys %$set;
			next if !%differs;
			foreach my $needs (
				map  { ($_ eq 'username' ? 'user' : $_) . " $differs{$_}" }
				grep { /^(?:database|username)$/ } keys %differs)
			{
				return { refused => '42704' }
				  if _has($now, $zone, $name, $needs) && !_has($then, $zone, $name, $needs);
			}
			push @writes,
			  {
				does => 'set',
				method => 'PUT',
				zone => $zone,
				service => $name,
				what => $what,
				set => \%differs,
				path => _path($now, $zone, $name, $below)
			  };
		}
		return { rows => $rows, writes => \@writes };
	};
}

my @kinds = (
	('plan', 'pool') x 3,
	('details', 'user', 'database', 'acl', 'copied') x 4,
	('integration') x 2,
	'service', 'no_service');

sub statement
{
	my ($self, $facts, $kind, $pending) = @_;
	my ($is, $sql, $means, $zone);
	until ($sql)
	{
		$is = $kind // pick(@kinds);
		($sql, $means, $zone) = $statements{$is}->($facts, $self, $pending // []);

		# There may be no service for it any more
		undef $kind;
	}
	my ($command) = $sql =~ /\b(INSERT|UPDATE|DELETE)\b/;
	return {
		kind => $is,
		command => $command,
		sql => $sql,
		means => $means,
		zone => $zone // 'zone'
	};
}

1;
