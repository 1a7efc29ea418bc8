package DbaasHistoryModel;

=head1 NAME

DbaasHistoryModel - services whose logs and metrics grow, and what became of each entry

=head1 SYNOPSIS

    my $model = DbaasHistoryModel->new(seed => 1, zones => 3);
    my ($status, $body) = $model->answer('ch-gva-2', 'GET', '/v2/dbaas-service', '');
    $model->command('append', 'ch-gva-2', 'pg-a', 20);
    $model->command('dump', '/tmp/truth');

=head1 DESCRIPTION

What DbaasHistoryApi serves.  It is written from the API's description and knows nothing of the
wrapper, nor of the simulator.  It keeps a ledger: every entry that each log ever had, with what
became of it, every sample that it showed, and what each list showed.

A log begins with its service.  A cursor has a meaning in its service's present log alone.
With C<cursors =E<gt> 'opaque'> any other is refused; with C<'number'> it is taken for a position,
whosever it was.  A cursor of a descending page counts from the newest entry, which moves.

What an entry has to be in the end is its fate: C<must>, it was there when a run without any fault
read it; C<may>, it was never there at such a time, so it may be kept or not; C<lost>, the log had
been read before, and gave the entry up before it could be read again.

=head1 METHODS

=over

=item new(%options)

seed; zones, how many; cursors; refusal, the status of a request with a cursor that is refused;
behind, how many seconds its clock is behind ours; mean, true for metrics whose longer periods have
other values.

=item answer($zone, $method, $path, $body)

Returns status and body.

=item command($name, @arguments)

Does it, and returns what is to be told; see the functions that begin with do_.

=back

=cut

use strict;
use warnings;

use Cpanel::JSON::XS qw(decode_json encode_json);
use List::Util  qw(max min shuffle);
use POSIX       qw(strftime);
use Time::HiRes ();

my @zone_names = qw(ch-gva-2 de-fra-1 at-vie-1 bg-sof-1 hr-zag-1);
my %path_of = (pg => 'postgres', map { ($_ => $_) } qw(mysql kafka valkey opensearch));
my %type_of = reverse %path_of;

# Seconds that a period reaches back, and between its samples
my %period = (
	hour => [ 3600, 60 ],
	day => [ 86400, 300 ],
	week => [ 604800, 1800 ],
	month => [ 2592000, 7200 ],
	year => [ 31536000, 86400 ]);

sub new
{
	my ($class, %options) = @_;
	my $self = bless {
		cursors => 'opaque',
		refusal => 400,
		behind => 0,
		mean => 0,
		names => [ @zone_names[ 0 .. $options{zones} - 1 ] ],
		past => [],
		shown => {},
		seen => {},
		count => {},
		incarnations => 0,
		messages => 0,
		%options
	}, $class;

	$self->{services} = { map { $_ => {} } @{ $self->{names} } };
	srand $options{seed};
	return $self;
}

sub command
{
	my ($self, $name, @arguments) = @_;
	my $function = $self->can("do_$name") or die "unknown command $name";
	return $self->$function(@arguments);
}

sub clock { return Time::HiRes::time() - $_[0]{behind} }

sub chance { return rand() < $_[0] }
sub pick   { return $_[ int rand @_ ] }

# ---------------------------------------------------------------------------
# What happens to services
# ---------------------------------------------------------------------------

sub _service
{
	my ($self, $zone, $name) = @_;
	return $self->{services}{$zone}{$name} // die "no service $name in $zone\n";
}

# Makes one, which takes the place of one of that name; its age in seconds
sub do_make
{
	my ($self, $zone, $name, %options) = @_;
	$self->do_delete($zone, $name);
	# No entry and no sample of a predecessor is as young as one of its own
	my $created = max(int($self->clock) - ($options{age} // 0), $self->{ended}{$zone}{$name} // 0);

	$self->{services}{$zone}{$name} = {
		zone => $zone,
		name => $name,
		type => $options{type} // pick(sort keys %path_of),
		plan => 'startup-' . pick(4, 8, 16),
		state => 'running',
		protected => 0,
		disk => pick(10, 20, 40) * 1024**3,
		notice => undef,
		number => ++$self->{incarnations},
		created => $created,
		# One that does not say so cannot be told from its predecessor by the list
		undated => $options{undated} // 0,
		updated => $created,
		nodes => pick(1, 1, 2, 3),
		primary => 1,
		entries => [],
		first => 0,
		newest => $created,
		settled => 0,
		fixes => {},
		version => 0,
		backups => [],
		progress => 0,
	};
	return;
}

sub do_delete
{
	my ($self, $zone, $name) = @_;
	my $service = delete $self->{services}{$zone}{$name} or return;
	$self->{broken}{"$zone $name"} = 1;
	push @{ $self->{past} }, $service;
	$self->{ended}{$zone}{$name} =
	  int(max($service->{newest}, values %{ $service->{answered} // {} })) + 2;
	return;
}

sub do_names
{
	my ($self) = @_;
	return [
		map {
			my $zone = $_;
			map { [ $zone, $_ ] } sort keys %{ $self->{services}{$zone} }
		} @{ $self->{names} }
	];
}

sub do_zone_names { return $_[0]{names} }

# From now on there is a zone more
sub do_new_zone
{
	my ($self) = @_;
	my $zone = $zone_names[ @{ $self->{names} } ] or return;
	push @{ $self->{names} }, $zone;
	$self->{services}{$zone} = {};
	return $zone;
}

# What the list shows of it changes
sub do_change
{
	my ($self, $zone, $name) = @_;
	my $service = $self->_service($zone, $name);
	my $what = pick(qw(plan state protected disk notice));

	$service->{plan} = 'business-' . int rand 1000 if $what eq 'plan';
	$service->{state} = $service->{state} eq 'running' ? 'rebuilding' : 'running'
	  if $what eq 'state';
	$service->{protected} = 1 - $service->{protected} if $what eq 'protected';
	$service->{disk} += 1024**3 if $what eq 'disk';
	$service->{notice} = 'notice ' . int rand 1000 if $what eq 'notice';
	return $self->do_touch($zone, $name);
}

# Nothing changes but the time of a change, and how far its nodes are
sub do_touch
{
	my ($self, $zone, $name) = @_;
	my $service = $self->_service($zone, $name);
	$service->{updated} = int $self->clock;
	$service->{progress}++;
	return;
}

sub do_failover
{
	my ($self, $zone, $name) = @_;
	my $service = $self->_service($zone, $name);
	$service->{primary} = 1 + $service->{primary} % $service->{nodes};
	$service->{version}++;
	return;
}

sub do_backup
{
	my ($self, $zone, $name) = @_;
	my $backups = $self->_service($zone, $name)->{backups};
	my $time = int $self->clock;
	push @$backups, [ "b-$time-" . int rand 1e6, $time, int rand 1e9 ];
	shift @$backups if @$backups > 3;
	return;
}

sub do_advance
{
	my ($self, $seconds) = @_;
	$self->{behind} -= $seconds;
	return;
}

sub do_behind
{
	my ($self, $seconds) = @_;
	$self->{behind} = $seconds if defined $seconds;
	return $self->{behind};
}

# ---------------------------------------------------------------------------
# Logs
# ---------------------------------------------------------------------------

# Adds that many entries, as if they had been written from so many seconds ago until so many
sub do_append
{
	my ($self, $zone, $name, $n, $since, $until) = @_;
	my $service = $self->_service($zone, $name);
	my $now = $self->clock - ($until // 0);
	my $start = max($service->{newest}, $now - ($since // 0) + ($until // 0));
	my $step = max($now - $start, 0) / ($n || 1);

	for (my $i = 0; $i < $n; $i++)
	{
		my $last = $service->{entries}[-1];
		$step = pick(0, 0, 0.0000004, 0.0003, 0.05) if !$since;
		$start += $step;
		$start = $service->{newest} if $last && chance(0.1) && $start > $service->{newest};
		$service->{newest} = max($start, $service->{newest});
		# One like the one before it, in all
		push @{ $service->{entries} },
		  $i && chance(0.1) ? {%$last} : $self->_entry($service, $service->{newest});
	}
	return;
}

sub _entry
{
	my ($self, $service, $time) = @_;
	my $text = $self->_message;
	my $node = chance(0.05) ? undef : "$service->{name}-" . (1 + int rand $service->{nodes});
	my $unit = chance(0.05) ? undef : pick('postgresql.service', 'kernel', "\x{e9}t\x{e9}.service");
	my $shown = _time($time);
	my @members = (qq("time":"$shown"));

	push @members, '"message":' . _json_text($text) if defined $text;
	push @members, '"node":' . _json_text($node) if defined $node;
	push @members, '"unit":' . (defined $unit ? _json_text($unit) : 'null');
	return {
		json => '{' . join(',', shuffle @members) . '}',
		copy => join("\t", $shown, map { _copy_text($_) } $node, $unit, $text),
		time => $time,
		must => 0
	};
}

sub _message
{
	my ($self) = @_;
	my $n = ++$self->{messages};
	return if chance(0.01);
	return '' if chance(0.01);
	return 'the same again' if chance(0.05);
	return "$n "
	  . pick(
		'checkpoint complete',
		"ERROR:  relation \"x\" does not exist\n\tSELECT \\ \\n \\u0000 \\x00",
		"\x{e9}t\x{e9} \x{1F600} \x{FFFD} \x{2028} na\x{308}ive",
		"\x01\x02\x1b[31m\x7f \r\n\b\f",
		"</script> 'quoted' \$\$ \\. \\N %s {} ,",
		'x' x int rand 3000);
}

# A time of day in none to seven digits of a second
sub _time
{
	my ($time) = @_;
	my $second = POSIX::floor($time);
	my $digits = int rand 8;
	my $fraction = substr sprintf('%07d', ($time - $second) * 1e7), 0, $digits;
	return strftime('%Y-%m-%dT%H:%M:%S', gmtime $second) . ($digits ? ".$fraction" : '') . 'Z';
}

sub _json_text
{
	my ($text) = @_;
	my %short = ("\n" => '\n', "\t" => '\t', "\r" => '\r', "\b" => '\b', "\f" => '\f');
	my $often = rand;
	$text =~ s{(["\\])|([\x00-\x1f])|(/)|([^\x20-\x7e])}{
		defined $1 ? "\\$1"
		: defined $2 ? $short{$2} // sprintf('\u%04x', ord $2)
		: defined $3 ? (chance(0.5) ? '\/' : '/')
		: chance($often) ? _unicode(ord $4) : $4}gex;
	utf8::encode($text);
	return qq("$text");
}

sub _unicode
{
	my ($code) = @_;
	return sprintf '\u%04x', $code if $code < 0x10000;
	$code -= 0x10000;
	return sprintf '\u%04X\u%04x', 0xd800 + ($code >> 10), 0xdc00 + ($code & 0x3ff);
}

sub _copy_text
{
	my ($text) = @_;
	return '\N' if !defined $text;
	my %short = ("\n" => '\n', "\t" => '\t', "\r" => '\r', "\\" => '\\\\');
	$text =~ s/([\n\t\r\\])/$short{$1}/g;
	utf8::encode($text);
	return $text;
}

# The log gives up its oldest entries, all but so many.  What is alike stays or goes together.
sub do_drop
{
	my ($self, $zone, $name, $left) = @_;
	my $service = $self->_service($zone, $name);
	my $entries = $service->{entries};
	my $to = max($service->{first}, @$entries - $left);

	my %before = map { ($_->{copy} => 1) } @$entries[ max(0, $to - 3000) .. $to - 1 ];
	$before{ $entries->[ $to++ ]{copy} } = 1
	  while $to < @$entries && $before{ $entries->[$to]{copy} };
	foreach my $entry (@$entries[ $service->{first} .. $to - 1 ])
	{
		$entry->{lost} = 1 if $service->{settled} && !$entry->{must} && !$entry->{old};
	}
	$service->{first} = $to;
	$self->{broken}{"$zone $name"} = 1;
	return;
}

# The next cursor that comes for it is refused, whatever it is
sub do_refuse
{
	my ($self, $zone, $name, $status) = @_;
	$self->_service($zone, $name)->{refuse} = $status;
	return;
}

# From now on each request for the log finds that many entries more, or leaves them behind
sub do_grow
{
	my ($self, $zone, $name, $before, $after) = @_;
	$self->_service($zone, $name)->{grow} = [ $before, $after ];
	return;
}

# The entries of a log that are too old for a first run
sub do_old
{
	my ($self, $zone, $name) = @_;
	$_->{old} = 1 foreach @{ $self->_service($zone, $name)->{entries} };
	return;
}

# How many entries come after that cursor; undef: it is refused.  No cursor stands before all
sub do_left
{
	my ($self, $zone, $name, $cursor) = @_;
	my $service = $self->_service($zone, $name);
	my $position = $cursor eq '' ? $service->{first} : $self->_position($service, $cursor);
	return defined $position ? @{ $service->{entries} } - $position : undef;
}

sub _cursor
{
	my ($self, $service, $position) = @_;
	return $position if $self->{cursors} eq 'number';
	return sprintf 'c%x/%d+', $service->{number} * 7919, $position;
}

# Where a cursor of an ascending page stands, or nothing
sub _position
{
	my ($self, $service, $cursor) = @_;
	my $position = $cursor;
	if ($self->{cursors} ne 'number')
	{
		my $number = sprintf '%x', $service->{number} * 7919;
		($position) = $cursor =~ m{\Ac\Q$number\E/(\d+)\+\z};
	}
	return if !defined $position || $position !~ /\A\d+\z/;
	return if $position < $service->{first} || $position > @{ $service->{entries} };
	return 0 + $position;
}

sub _logs
{
	my ($self, $service, $asked) = @_;
	my $limit = $asked->{limit} // 100;
	my $order = $asked->{'sort-order'} // 'desc';
	my $cursor = $asked->{offset};

	return (422, 'limit') if $limit !~ /\A\d+\z/ || $limit < 1 || $limit > 500;
	return (422, 'sort-order') if $order !~ /\A(?:asc|desc)\z/;
	if (defined $cursor && (my $refusal = delete $service->{refuse}))
	{
		return ($refusal, 'offset');
	}
	my ($before, $after) = @{ $service->{grow} // [ 0, 0 ] };
	$self->do_append($service->{zone}, $service->{name}, $before);
	my @answer =
		$order eq 'asc'
	  ? $self->_ascending($service, $limit, $cursor)
	  : $self->_descending($service, $limit, $cursor);
	$self->do_append($service->{zone}, $service->{name}, $after);
	# It takes a while to write that many
	$self->do_advance(($before + $after) / 1000);
	return @answer;
}

sub _ascending
{
	my ($self, $service, $limit, $cursor) = @_;
	my $entries = $service->{entries};

	# A log that never had an entry says nothing at all
	return (200, '{}') if !@$entries && !defined $cursor;
	my $from = defined $cursor ? $self->_position($service, $cursor) : $service->{first};
	return ($self->{refusal}, 'offset') if !defined $from;

	my $to = min($from + $limit, scalar @$entries);
	return _page(
		$self->_cursor($service, $from),
		$self->_cursor($service, $to),
		@$entries[ $from .. $to - 1 ]);
}

sub _descending
{
	my ($self, $service, $limit, $cursor) = @_;
	my $entries = $service->{entries};
	my $number = $service->{number};

	return (200, '{}') if !@$entries && !defined $cursor;
	my $skipped = 0;
	if (defined $cursor)
	{
		($skipped) = $cursor =~ /\Ad$number-(\d+)\z/;
		# From the cursor of an ascending page it goes back
		my $position = $self->_position($service, $cursor);
		$skipped = @$entries - $position if defined $position;
		return ($self->{refusal}, 'offset') if !defined $skipped;
	}
	my $from = max(@$entries - $skipped, $service->{first});
	my $to = max($from - $limit, $service->{first});
	return _page(
		"d$number-" . (@$entries - $from),
		"d$number-" . (@$entries - $to),
		reverse @$entries[ $to .. $from - 1 ]);
}

sub _page
{
	my ($first, $next, @entries) = @_;
	my $body = '{"logs":[' . join(',', map { $_->{json} } @entries) . ']';
	return (200, qq($body,"offset":"$next","first-log-offset":"$first"}));
}

# ---------------------------------------------------------------------------
# Metrics
# ---------------------------------------------------------------------------

sub _label
{
	my ($service, $node) = @_;
	my $role = $node == $service->{primary} ? 'primary' : 'standby';
	return "$service->{name}-$node ($role)";
}

# The value at that time, or undef; longer periods may have means
sub _sample
{
	my ($self, $service, $metric, $node, $time, $period) = @_;
	my $fix = $service->{fixes}{"$metric $node $time"};
	my $hash = ($time / 60 * 7919 + $service->{number} * 104729 + $node * 31 + ord $metric) % 10007;

	return if $hash % 13 == 0 && !defined $fix;
	my $value = $fix // $hash / 1000;
	return $self->{mean} && $period ne 'hour' ? $value + 0.5 : $value;
}

# One of the samples of the last hour changes, or appears where there was none
sub do_correct
{
	my ($self, $zone, $name) = @_;
	my $service = $self->_service($zone, $name);
	my $metric = pick(qw(cpu_usage disk_usage));
	my $node = 1 + int rand $service->{nodes};
	my $time = 60 * (int($self->clock / 60) - int rand 50);

	$service->{fixes}{"$metric $node $time"} = 1000 + int rand 1000;
	$service->{version}++;
	return;
}

# First and last time of a period that ends now
sub _span
{
	my ($self, $service, $period, $now) = @_;
	my ($seconds, $step) = @{ $period{$period} };
	my $last = $step * int($now / $step);
	my $first = max($last - $seconds + $step, $step * POSIX::ceil($service->{created} / $step));
	return ($first, $last, $step);
}

sub _metrics
{
	my ($self, $service, $asked) = @_;
	my $period = $asked->{period} // 'hour';
	return (422, 'period') if !$period{$period};

	my ($first, $last, $step) = $self->_span($service, $period, $self->clock);
	$service->{answered}{$period} = $self->clock;
	my $kept = $service->{body}{$period} //= {};
	if (($kept->{key} // '') ne "$last $service->{version}")
	{
		$kept->{key} = "$last $service->{version}";
		$kept->{body} = $self->_metrics_body($service, $period, $first, $last, $step);
	}
	return (200, $kept->{body});
}

sub _metrics_body
{
	my ($self, $service, $period, $first, $last, $step) = @_;
	my @nodes = 1 .. $service->{nodes};
	my @metrics;

	foreach my $metric (qw(cpu_usage disk_usage))
	{
		my $shown = $self->{shown}{ $service->{zone} }{ $service->{name} }{$metric} //= {};
		my @cols = ('{"label":"time","type":"date"}');
		push @cols, '{"label":"' . _label($service, $_) . '","type":"number"}' foreach @nodes;
		my @rows;
		for (my $time = $first; $time <= $last; $time += $step)
		{
			my @values;
			foreach my $node (@nodes)
			{
				my $value = $self->_sample($service, $metric, $node, $time, $period);
				push @values, $value // 'null';
				$shown->{ _label($service, $node) }{$time}{$value} = 1 if defined $value;
			}
			my $text = strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $time);
			push @rows, qq(["$text",) . join(',', @values) . ']';
		}
		push @metrics,
			qq("$metric":{"data":{"cols":[)
		  . join(',', @cols)
		  . '],"rows":['
		  . join(',', @rows)
		  . qq(]},"hints":{"title":"$metric %"}});
	}
	return '{"metrics":{' . join(',', @metrics) . '}}';
}

# ---------------------------------------------------------------------------
# Lists and details
# ---------------------------------------------------------------------------

sub _iso { return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime $_[0]) }

sub _common
{
	my ($self, $service) = @_;
	my $notice = $service->{notice};
	return {
		name => $service->{name},
		type => $service->{type},
		plan => $service->{plan},
		state => $service->{state},
		'node-count' => $service->{nodes},
		'disk-size' => $service->{disk},
		'termination-protection' => $service->{protected}
		? Cpanel::JSON::XS::true
		: Cpanel::JSON::XS::false,
		notifications => defined $notice
		? [ { level => 'notice', message => $notice, type => 'service_end_of_life' } ]
		: [],
		integrations => $self->_integrations($service),
		$service->{undated} ? () : ('created-at' => _iso($service->{created})),
		'updated-at' => _iso($service->{updated}),
	};
}

# Each service sends its metrics to the first one of its zone
sub _integrations
{
	my ($self, $service) = @_;
	my $services = $self->{services}{ $service->{zone} };
	my ($dest) = sort keys %$services;
	my @sources =
	  $service->{name} eq $dest
	  ? grep { $_ ne $dest } sort keys %$services
	  : $service->{name};
	return [
		map {
			{
				id => sprintf(
					'%08x-0000-4000-8000-%012x',
					$services->{$_}{number},
					$services->{$dest}{number}),
				type => 'metrics',
				source => $_,
				dest => $dest,
				status => 'active',
				'is-enabled' => Cpanel::JSON::XS::true,
				'is-active' => Cpanel::JSON::XS::true,
				settings => {}
			}
		} @sources
	];
}

# What a version of a service is, in words
sub _tag
{
	my ($service) = @_;
	return join '|', @$service{qw(plan state)}, $service->{protected} ? 'true' : 'false',
	  $service->{disk}, $service->{notice} // '', $service->{undated} ? '' : $service->{created};
}

sub _list
{
	my ($self, $zone) = @_;
	my $services = $self->{services}{$zone};
	my $seen = $self->{seen}{$zone} //= {};

	foreach my $name (keys %{ { %$seen, %$services } })
	{
		my $tag = $services->{$name} ? _tag($services->{$name}) : '';
		my $history = $seen->{$name} //= [];
		push @$history, $tag if !@$history || $history->[-1] ne $tag;
	}
	my @all = map { $self->_common($_) } shuffle values %$services;
	return (200, encode_json({ 'dbaas-services' => \@all }));
}

sub _details
{
	my ($self, $service) = @_;
	my $body = $self->_common($service);
	$body->{version} = '1.' . $service->{number};
	$body->{'ip-filter'} = ['0.0.0.0/0'];
	$body->{'node-states'} = [
		map {
			{
				name => "$service->{name}-$_",
				state => 'running',
				'progress-updates' => [
					{
						completed => Cpanel::JSON::XS::false,
						current => $service->{progress}++,
						phase => 'x'
					}
				]
			}
		} 1 .. $service->{nodes}
	];
	$body->{backups} = [
		map { { 'backup-name' => $_->[0], 'backup-time' => _iso($_->[1]), 'data-size' => $_->[2] } }
		  @{ $service->{backups} }
	];
	return (200, encode_json($body));
}

sub answer
{
	my ($self, $zone, $method, $path, $body) = @_;

	if ("$method $path" =~ m{\AGET /v2/dbaas-service\z})
	{
		$self->{count}{list}++;
		return $self->_list($zone);
	}
	if ("$method $path" =~ m{\APOST /v2/dbaas-service-(logs|metrics)/([^/]+)\z})
	{
		my ($what, $service) = ($1, $self->{services}{$zone}{$2});
		$self->{count}{$what}++;
		my $asked = eval { decode_json($body) } // return (400, 'not JSON');
		return (404, 'no such service') if !$service;
		return $what eq 'logs' ? $self->_logs($service, $asked) : $self->_metrics($service, $asked);
	}
	if ("$method $path" =~ m{\AGET /v2/dbaas-([a-z]+)/([^/]+)\z} && $type_of{$1})
	{
		my ($type, $service) = ($type_of{$1}, $self->{services}{$zone}{$2});
		$self->{count}{details}++;
		return (404, 'no such service') if !$service || $service->{type} ne $type;
		return $self->_details($service);
	}
	$self->{count}{other}++;
	return (404, "nothing at $path");
}

# How many requests of each kind there were since the last call
sub do_count
{
	my ($self) = @_;
	my $count = $self->{count};
	$self->{count} = {};
	return $count;
}

# ---------------------------------------------------------------------------
# The ledger
# ---------------------------------------------------------------------------

# A run without faults has ended: what is there now was there for it to read.
# $sampled->{zone}{service}: the newest sample that was kept before it, in seconds
sub do_settle
{
	my ($self, $sampled) = @_;
	$self->{required} = [];
	foreach my $service (map { values %$_ } values %{ $self->{services} })
	{
		my ($entries, $first) = @$service{qw(entries first)};
		# Whether an empty log lacks something cannot be known
		foreach my $entry (@$entries > $first ? @$entries[ 0 .. $first - 1 ] : ())
		{
			$entry->{lost} = 2 if $entry->{lost};
		}
		foreach my $entry (grep { !$_->{old} } @$entries[ $first .. $#$entries ])
		{
			$entry->{must} = 1;
		}
		$service->{settled} = @$entries - $first if @$entries > $first;
		$self->_require_samples($service, $sampled->{ $service->{zone} }{ $service->{name} });
	}
	return;
}

# The samples that a run had to take: those of its hour, and between what was kept and the hour
# those of the shortest periods that show them
sub _require_samples
{
	my ($self, $service, $kept) = @_;
	my $now = $service->{answered}{hour} // return;
	my ($first, $last) = $self->_span($service, 'hour', $now);

	$self->_require($service, 'hour', $first, $last, 1);
	return if !defined $kept || $kept < $service->{created};
	foreach my $period (qw(day week month year))
	{
		return if $kept >= $first;
		my ($from, $to, $step) = $self->_span($service, $period, $now);
		my $after = $step * (int($kept / $step) + 1);
		$self->_require($service, $period, max($from, $after), min($to, $first - 1), 0);
		$first = $from;
	}
	return;
}

# The newest sample that its last hour showed
sub _sampled
{
	my ($self, $service) = @_;
	my ($first, $last, $step) = $self->_span($service, 'hour', $service->{answered}{hour} // 0);
	for (my $time = $last; $time >= $first; $time -= $step)
	{
		foreach my $node (1 .. $service->{nodes})
		{
			return _iso($time)
			  if grep { defined $self->_sample($service, $_, $node, $time, 'hour') }
			  qw(cpu_usage disk_usage);
		}
	}
	return '\N';
}

sub _require
{
	my ($self, $service, $period, $first, $last, $exact) = @_;
	my $step = $period{$period}[1];
	for (my $time = $step * POSIX::ceil($first / $step); $time <= $last; $time += $step)
	{
		foreach my $metric (qw(cpu_usage disk_usage))
		{
			foreach my $node (1 .. $service->{nodes})
			{
				my $value = $self->_sample($service, $metric, $node, $time, $period) // next;
				push @{ $self->{required} },
				  join("\t",
					@$service{qw(zone name)}, $metric, _label($service, $node),
					_iso($time), $exact ? $value : '\N');
			}
		}
	}
	return;
}

# Writes the ledger into files for COPY
sub do_dump
{
	my ($self, $directory) = @_;
	my @services = map { values %$_ } values %{ $self->{services} };

	_write(
		"$directory/entries",
		sub {
			my ($fh) = @_;
			foreach my $service (@{ $self->{past} }, @services)
			{
				foreach my $entry (@{ $service->{entries} })
				{
					my $fate =
					  $entry->{must} ? 'must' : ($entry->{lost} // 0) == 2 ? 'lost' : 'may';
					print $fh join("\t", @$service{qw(zone name)}, $fate, $entry->{copy}), "\n";
				}
			}
		});
	_write("$directory/required",
		sub { my ($fh) = @_; print $fh "$_\n" foreach @{ $self->{required} } });
	_write("$directory/shown", sub { $self->_dump_shown(@_) });
	_write(
		"$directory/services",
		sub {
			my ($fh) = @_;
			foreach my $service (@services)
			{
				my $created = $service->{undated} ? '\N' : _iso($service->{created});
				my $backups = '{' . join(',', sort map { $_->[0] } @{ $service->{backups} }) . '}';
				my @own = grep { $_->{must} } @{ $service->{entries} };
				my $newest =
				  @own
				  ? '[' . _iso($own[-1]{time} - 1) . ',' . _iso($service->{newest} + 2) . ']'
				  : '\N';
				print $fh join("\t",
					@$service{qw(zone name)}, $created, _copy_text(_tag($service)), $backups,
					"1.$service->{number}", $newest, $self->_sampled($service)),
				  "\n";
			}
		});
	_write(
		"$directory/broken",
		sub {
			my ($fh) = @_;
			print $fh map { tr/ /\t/r . "\n" } keys %{ $self->{broken} };
		});
	return $self->{seen};
}

sub _dump_shown
{
	my ($self, $fh) = @_;
	foreach my $zone (keys %{ $self->{shown} })
	{
		foreach my $name (keys %{ $self->{shown}{$zone} })
		{
			my $metrics = $self->{shown}{$zone}{$name};
			foreach my $metric (keys %$metrics)
			{
				foreach my $node (keys %{ $metrics->{$metric} })
				{
					my $samples = $metrics->{$metric}{$node};
					print $fh join("\t",
						$zone, $name, $metric, $node, _iso($_),
						'{' . join(',', keys %{ $samples->{$_} }) . '}'),
					  "\n"
					  foreach keys %$samples;
				}
			}
		}
	}
	return;
}

sub _write
{
	my ($path, $what) = @_;
	open my $fh, '>', $path or die "$path: $!";
	$what->($fh);
	close $fh or die "$path: $!";
	return;
}

1;
