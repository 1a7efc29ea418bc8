package DbaasJudge;

=head1 NAME

DbaasJudge - what a table has to show of an answer, as json-c reads it

=head1 SYNOPSIS

    use DbaasJudge;

    my $judge = DbaasJudge->new($t->session);
    my $verdict = $judge->rows($body, rows => 'dbaas-services[]',
        columns => [ [ text => 'name' ], [ bigint => 'node-count' ] ]);
    $verdict->{refused} // $verdict->{rows};

=head1 DESCRIPTION

Knows nothing of the wrapper's own reader.  The program test/json/values has json-c read the
answer, this module finds rows and fields in that, and PostgreSQL's input functions, which it asks
in a session of its own, make the values.  What json-c reads and RFC 8259 does not allow
is known by PostgreSQL's jsonb refusing it (test/fuzzers/json.c lists it as read_by_json_c).

=over

=item rows($body, %how)

What a table with that expression for its rows, and columns that are pairs of a type and an
expression for a field, shows of the answer: a hash with rows, an array of rows of values; with
refused, which says why the answer has to be an error; or with either, as json-c does not tell
what the table shows.  With the rows, twice is true if a member is there twice: the value that
json-c does not know of may be one for which the answer is refused.

Further: values => 1 if rows may be other values than objects; verbatim => 1 if secrets stay; keys
=> {number of a column => text} if the query gives them: they are shown where the answer does not
have them, and other rows are left out.

A value is undef for NULL, the bytes of PostgreSQL's text, or a reference where json-c does not
know it, as an integer that does not fit in 64 bits.  The type "any text" is that of a column which
is no column of the catalogue, and so shows any value.

=item same($shown, $wanted)

Is what was shown that value?  Or excused, by one of the known differences, which are counted in
excused: json-c makes U+FFFD of some pairs of escapes, and 0 of -0; and secrets within a text, which
this module does not look for.

=back

=cut

use strict;
use warnings;

use IPC::Open2 qw(open2);

# What it makes of an integer that it does not know
our $UNKNOWN = \'unknown';

sub new
{
	my ($class, $session) = @_;
	my $self = bless { session => $session, casts => {}, excused => {} }, $class;

	$session->sql(<<'END');
SET client_min_messages = warning; SET timezone = 'UTC';
CREATE FUNCTION pg_temp.value_of(type text, raw bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT encode(convert_to(%L::%s::text, ''UTF8''), ''hex'')',
		convert_from(raw, 'UTF8'), type) INTO result;
	RETURN '=' || result;
EXCEPTION WHEN OTHERS THEN
	RETURN '!' || SQLSTATE;
END $$;
END
	$self->{pid} = open2($self->{output}, $self->{input}, 'test/json/values');
	binmode $self->{$_} foreach qw(output input);
	return $self;
}

sub excused { return $_[0]{excused} }

# The results of PostgreSQL's input functions, "=" and a text or "!" and an SQLSTATE
sub _cast
{
	my ($self, @wanted) = @_;
	%{ $self->{casts} } = () if keys %{ $self->{casts} } > 50_000;
	my %missing = map { ("@$_" => $_) } grep { !exists $self->{casts}{"@$_"} } @wanted;
	my @missing = values %missing;

	while (my @some = splice @missing, 0, 500)
	{
		my $values = join ',',
		  map { "('$_->[0]', '\\x" . unpack('H*', $_->[1]) . "'::bytea)" } @some;
		my @results = split /\n/, $self->{session}
		  ->sql("SELECT pg_temp.value_of(type, raw) FROM (VALUES $values) AS v(type, raw)");
		foreach my $i (0 .. $#some)
		{
			my ($kind, $hex) = $results[$i] =~ /^([=!])(.*)$/ or die "no result: $results[$i]";
			$self->{casts}{"@{$some[$i]}"} = $kind . ($kind eq '=' ? pack 'H*', $hex : $hex);
		}
	}
	return map { $self->{casts}{"@$_"} } @wanted;
}

# The value at the position in the list of tokens
sub _value
{
	my ($tokens, $at) = @_;
	my ($kind, $rest) = $tokens->[ $$at++ ] =~ /^(.)(.*)$/s;

	return [ 's', pack 'H*', $rest ] if $kind eq 's';
	return [ 'd', split / /, $rest, 2 ] if $kind eq 'd';
	return [ 'a', map { _value($tokens, $at) } 1 .. $rest ] if $kind eq '[';
	return [ $kind, $rest ] if $kind ne '{';
	my (@names, %members);
	foreach (1 .. $rest)
	{
		my $name = pack 'H*', substr $tokens->[ $$at++ ], 1;
		push @names, $name;
		$members{$name} = _value($tokens, $at);
	}
	return [ 'o', \@names, \%members ];
}

# What json-c reads: (value, how deep it is), or (undef, why not)
sub _read
{
	my ($self, $body) = @_;
	print { $self->{input} } length($body), "\n", $body;
	$self->{input}->flush;
	my $line = readline $self->{output} // die 'test/json/values has ended';
	chomp $line;
	return (undef, substr $line, 1) if $line =~ /^-/;
	my ($depth, @tokens) = split /\t/, substr $line, 1;
	return (_value(\@tokens, \my $at), $depth =~ /^(\d+)(twice)?/);
}

my $secret = qr/(?:password|passwd|secret|token|access-key|access-cert|api-key|private-key
	|client-key|secret-key|passphrase|authorization)s?\z/xi;

sub _hide
{
	my ($value, $inside) = @_;
	my ($kind) = @$value;

	if ($kind eq 'o')
	{
		_hide($value->[2]{$_}, $inside || tr/_/-/r =~ $secret) foreach @{ $value->[1] };
	}
	elsif ($kind eq 'a')            { _hide($_, $inside) foreach @$value[ 1 .. $#$value ] }
	elsif ($inside && $kind eq 's') { $value->[1] = substr '***', 0, length $value->[1] }
	elsif ($inside && $kind =~ /[iId]/)
	{
		my $length = length $value->[-1];
		@$value = ('s', substr '***', 0, $length - 2) if $length > 2;
	}
	return;
}

# As JSON, or undef when it has an integer that is not known
sub _json
{
	my ($value) = @_;
	my ($kind, @rest) = @$value;
	return 'null' if $kind eq 'n';
	return $kind eq 't' ? 'true' : 'false' if $kind =~ /[tf]/;
	return if $kind eq 'I';
	return $rest[-1] if $kind =~ /[id]/;
	return '"' . $rest[0] =~ s/(["\\\x00-\x1f])/sprintf '\\u%04x', ord $1/ger . '"'
	  if $kind eq 's';
	my @items =
	  $kind eq 'a'
	  ? map { scalar _json($_) } @rest
	  : map { my $v = _json($rest[1]{$_}); defined $v ? _json([ 's', $_ ]) . ":$v" : undef }
	  @{ $rest[0] };
	return if grep { !defined } @items;
	return $kind eq 'a' ? '[' . join(',', @items) . ']' : '{' . join(',', @items) . '}';
}

sub _member
{
	my ($value, $name) = @_;
	return if !$value || $value->[0] ne 'o';
	if ($name =~ /^\{(.*?)\}(.*)/)
	{
		my $first = _member($value, $1);
		return if !$first || $first->[0] ne 's' || $first->[1] =~ /\0/;
		$name = $first->[1] . $2;
	}
	my $member = $value->[2]{$name};
	return $member && $member->[0] ne 'n' ? $member : undef;
}

sub _refuse { my ($why) = @_; die { refused => $why } }

# Calls $row with the levels of each row, from the answer to the row itself
sub _each
{
	my ($levels, $steps, $row) = @_;
	my ($step, @rest) = @$steps;
	return $row->($levels) if !$step;
	my ($name, $kind) = $step =~ /^(.*?)(\[\]|\{\}|<>|)$/;
	my $above = $levels->[-1]{value};
	_refuse("no object around $name") if length $name && $above->[0] ne 'o';
	my $value = length $name ? _member($above, $name) : $above;
	return if !$value;
	my $into = sub { _each([ @$levels, {@_} ], \@rest, $row) };

	if ($kind eq '[]')
	{
		_refuse("$name is no array") if $value->[0] ne 'a';
		$into->(value => $_) foreach @$value[ 1 .. $#$value ];
	}
	elsif ($kind eq '{}')
	{
		_refuse("$name is no object") if $value->[0] ne 'o';
		$into->(value => $value->[2]{$_}, key => [ 's', $_ ]) foreach @{ $value->[1] };
	}
	elsif ($kind eq '<>')
	{
		_refuse("$name is no object") if $value->[0] ne 'o';
		my ($cols, $lines) = map { scalar _member($value, $_) } 'cols', 'rows';
		_refuse("$name has no cols and rows") if grep { !$_ || $_->[0] ne 'a' } $cols, $lines;
		return if @$cols < 3;
		foreach my $line (@$lines[ 1 .. $#$lines ])
		{
			_refuse('a line does not fit') if $line->[0] ne 'a' || @$line != @$cols;
			$into->(
				value => $line,
				label => scalar _member($cols->[$_], 'label'),
				first => $line->[1],
				cell => $line->[$_]) foreach 2 .. $#$cols;
		}
	}
	else { $into->(value => $value) }
	return;
}

# The value of a field of a row, or undef
sub _field
{
	my ($levels, $expression) = @_;
	foreach my $alternative (split /\|/, $expression)
	{
		my $up = 0;
		$up++ while $alternative =~ s{^\.\./}{};
		my $level = $levels->[ -1 - $up ];
		my $value = $level->{value};
		my %special = (
			'*' => $value,
			'#key' => $level->{key},
			'#label' => $level->{label},
			'#first' => $level->{first},
			'#value' => $level->{cell});
		if (exists $special{$alternative}) { $value = $special{$alternative} }
		else { $value = _member($value, $_) foreach split m{/}, $alternative }
		return $value if $value && $value->[0] ne 'n';
	}
	return;
}

my $time = qr/\A\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d(?::?\d\d)?)\z/;

# A value as [its text], [type, what to cast], or [] when it is not known
sub _wanted
{
	my ($type, $value) = @_;
	my ($kind, $text) = @$value;

	if ($type eq 'jsonb')
	{
		my $json = _json($value);
		return defined $json ? [ 'jsonb', $json ] : [];
	}
	if ($type eq 'any text' && $kind ne 's')
	{
		return [] if $kind =~ /[aoI]/ || $kind eq 'i' && $text == 0;
		return [ $kind eq 't' ? 'true' : $kind eq 'f' ? 'false' : $value->[-1] ];
	}
	if ($type eq 'bigint')
	{
		return [] if $kind eq 'I' && $text < 0;
		_refuse('no bigint')
		  if $kind ne 'i'
		  || $text > 0
		  && length $text > 18
		  && ('0' x (20 - length $text)) . $text gt '09223372036854775807';
		return [$text];
	}
	if ($type eq 'double precision')
	{
		return [] if $kind eq 'I';
		return [ $type, $text ] if $kind eq 'i';
		_refuse('no number') if $kind ne 'd';
		# json-c has no number for what does not fit
		return [ $type, $text == 0 || $text =~ /inf/ ? $value->[2] : $text ];
	}
	if ($type eq 'boolean')
	{
		_refuse('no boolean') if $kind !~ /[tf]/;
		return [ $kind eq 't' ? 'true' : 'false' ];
	}
	if ($type eq 'text[]')
	{
		my @elements = @$value[ 1 .. $#$value ];
		_refuse('no array of strings') if $kind ne 'a' || grep { $_->[0] !~ /[sn]/ } @elements;
		_refuse('a NUL') if grep { $_->[0] eq 's' && $_->[1] =~ /\0/ } @elements;
		return [
			$type,
			'{'
			  . join(',',
				map { $_->[0] eq 'n' ? 'NULL' : '"' . $_->[1] =~ s/(["\\])/\\$1/gr . '"' }
				  @elements)
			  . '}'
		];
	}
	_refuse('no string') if $kind ne 's';
	_refuse('a NUL') if $text =~ /\0/;
	return [$text] if $type =~ /text\z/;
	return [ $type, $text ] if $type !~ /^timestamp/ || $text =~ $time;
	# PostgreSQL knows other times that look like one of the API's
	return [] if $text =~ /\A\d{4}-\d\d-\d\d[Tt ]/;
	_refuse('no time');
	return;
}

sub rows
{
	my ($self, $body, %how) = @_;
	my ($answer, $depth, $twice) = $self->_read($body);
	return { refused => "json-c: $depth" } if !$answer;
	return { refused => "$depth levels" } if $depth > 64;

	# JSON, but not jsonb: NUL in a string, a number too large; those columns refuse that show them
	my $jsonb = $body =~ s/\\(u0000|.)/$1 eq 'u0000' ? '\\u0001' : "\\$1"/gesr;
	$jsonb =~ s/([eE][+-]?)\d{4,}/${1}99/g;
	my ($verdict) = $self->_cast([ 'jsonb', $jsonb ]);
	return { refused => "not JSON: $verdict" } if $verdict =~ /^!/;
	return { refused => 'a NUL in a name' }
	  if $body =~ /"(?:[^"\\]|\\.)*\\u0000(?:[^"\\]|\\.)*"\s*:/;
	_hide($answer) unless $how{verbatim};

	my @steps = split /\./, $how{rows};
	my @rows;
	my $done = eval {
		_refuse('no object') if !$how{values} && !@steps && $answer->[0] ne 'o';
		_refuse('no object') if @steps && $steps[0] !~ /^[\[\{<]/ && $answer->[0] ne 'o';
		_each(
			[ { value => $answer } ],
			\@steps,
			sub {
				my ($levels) = @_;
				my $row = $levels->[-1];
				_refuse('a row is no object')
				  if !$how{values} && !exists $row->{cell} && $row->{value}[0] ne 'o';
				push @rows, [
					map {
						my $value = _field($levels, $_->[1]);
						$value ? _wanted($_->[0], $value) : [undef]
					} @{ $how{columns} }
				];
			});
		1;
	};
	return $@ if !$done && ref $@;
	die $@ if !$done;

	my @casts = grep { @$_ == 2 } map { @$_ } @rows;
	my %result;
	@result{ map { "@$_" } @casts } = $self->_cast(@casts);
	foreach my $row (@rows)
	{
		foreach my $wanted (@$row)
		{
			my $result = @$wanted == 2 ? $result{"@$wanted"} : undef;
			# A number without room in jsonb is an error only of a row that is made of it: the list
			# of services may name one in which there is nothing to ask for
			return { either => 1 }
			  if defined $result && $result eq '!22003' && $wanted->[0] eq 'jsonb';
			return { refused => "$wanted->[0]: $result" } if defined $result && $result =~ /^!/;
			$wanted = @$wanted == 0 ? $UNKNOWN : defined $result ? substr $result, 1 : $wanted->[0];
		}
	}
	# A step over members goes to each that was written
	return { either => 'a member is there twice' } if $twice && $how{rows} =~ /\{\}/;
	my $keys = $how{keys} // {};
	foreach my $row (@rows)
	{
		$row->[$_] //= $keys->{$_} foreach keys %$keys;
	}
	@rows = grep {
		my $row = $_;
		!grep { $row->[$_] ne $keys->{$_} } keys %$keys
	} @rows;
	return { rows => \@rows, twice => $twice };
}

sub same
{
	my ($self, $shown, $wanted) = @_;
	return !defined $shown && !defined $wanted if !defined $shown || !defined $wanted;
	my $why =
		ref $wanted                      ? 'integers beyond 64 bits'
	  : $shown eq $wanted                ? return 1
	  : $wanted =~ /\xef\xbf\xbd/        ? 'U+FFFD of json-c'
	  : $shown =~ /\*/                   ? 'secrets within texts'
	  : $wanted eq '0' && $shown eq '-0' ? '-0'
	  :                                    return;
	$self->{excused}{$why}++;
	return 1;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!);
	close $self->{input};
	waitpid $self->{pid}, 0;
	return;
}

1;
