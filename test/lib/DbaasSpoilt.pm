package DbaasSpoilt;

=head1 NAME

DbaasSpoilt - random mistakes in JSON and in HTTP responses

=head1 SYNOPSIS

    use DbaasSpoilt qw(mutated framed broken);

    my $body = mutated('{"a": 1}');
    my %answer = framed($body);      # as some server may send it
    my ($fate, %wrong) = broken($body, 65536);

=head1 FUNCTIONS

Randomness is rand()'s.

=over

=item mutated($json)

The text with some changes: in its structure, its tokens, its bytes.

=item framed($body)

A response that has this body, for prepare() of DbaasAnswers: as it is, chunked, compressed,
with odd headers that mean nothing.

=item broken($body, $most)

A response with something wrong, or odd, in HTTP, to a client that takes $most bytes of a
body.  Its first value is a hash with the fate: reads => body, if that is what the client has
to read; fails => 1; or neither, if either may be.  status is the status if there is one.

=back

=cut

use strict;
use warnings;

use Compress::Zlib ();
use DbaasRandom    qw(pick chance shuffled);
use Exporter       qw(import);

our @EXPORT_OK = qw(mutated framed broken);

sub number { return int rand $_[0] }

# ------------------------------------------------------------------------
# JSON
# ------------------------------------------------------------------------

my @numbers = (
	qw(0 -0 1 -1 7 1.5 -1.50 1e2 1E+2 1e-2 0e0 0.1e-10 00 01 +1 .5 1. 1e -),
	qw(2147483647 2147483648 9223372036854775807 9223372036854775808 -9223372036854775808),
	qw(-9223372036854775809 18446744073709551615 18446744073709551616 NaN Infinity -Infinity),
	qw(1e308 1e309 -1e400 1e-400 5e-324 1e999 1e131072 1e2147483648 1e-20000 0x10),
	'1' x 400,
	'0.' . '1' x 400,
	'9' x 2000 . 'e-2000');
my @strings = (
	'', 'a',
	' ', 'null',
	'..', '.',
	'/', '%2F',
	'***', '\\"',
	'\\\\', '\\/',
	'\\b\\f\\n\\r\\t', '\\u0041',
	'\\u00e9', '\\u20ac',
	'\\ud83d\\ude00', '\\ud83d',
	'\\ude00', '\\ud83d\\ud83d',
	'\\ude00\\ud83d', '\\ud83d\\u0041',
	'\\u0000', 'a\\u0000b',
	'\\u0001', '\\uFFFF',
	'\\ufffe', '\\u00',
	'\\x41', '\\',
	"\x01", "a\nb",
	"\t", "\x7f",
	"\0", "\xc3\xa9",
	"\xe2\x82\xac", "\xf0\x9f\x98\x80",
	"\xff", "\xc0\x80",
	"\xed\xa0\x80", "\xf4\x90\x80\x80",
	"\xc3", "\xe2\x82",
	"\xef\xbb\xbf", '$1',
	'%s%n', "'; DROP TABLE x; --",
	'{"a":1}', '\\u007b',
	'{', '"',
	'2026-01-02T03:04:05Z', '2026-01-02T03:04:05.123456789Z',
	'2026-02-30T00:00:00Z', '2026-01-02T24:00:00Z',
	'2026-01-02T03:04:60Z', '2026-01-02T03:04:05+15:59',
	'2026-01-02T03:04:05+99', '0000-01-01T00:00:00Z',
	'0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z',
	'2026-01-02T03:04:05', '2026-01-02 03:04:05+00',
	'now', 'infinity',
	'epoch', '\\u0032026-01-02T03:04:05Z',
	'2026-01-02T03:04:05.Z', '11111111-2222-4333-8444-555555555555',
	'{11111111222243338444555555555555}', 'pg',
	'kafka');
my @words =
  split ' ', 'true false null True nul nullx undefined [] {} [null] [[]] {"":0} {"a":{}} [1,] {,}';

sub random_value
{
	my $kind = rand;
	return
		$kind < 0.3  ? pick(@numbers)
	  : $kind < 0.7  ? '"' . join('', map { pick(@strings) } 0 .. pick(0, 0, 0, 1, 3)) . '"'
	  : $kind < 0.85 ? pick(@words)
	  : $kind < 0.9  ? '[' x     ($_ = number(70)) . ']' x $_
	  : $kind < 0.93 ? '{"a":' x ($_ = number(70)) . '1' . '}' x $_
	  : $kind < 0.95 ? '"' . pick('x', '\\n', "\xe2\x82\xac", '\\ud83d\\ude00') x number(9000) . '"'
	  : $kind < 0.97 ? '[' . join(',', (pick(@numbers)) x number(500)) . ']'
	  :                '{' . join(',', map { qq("$_":$_) } 0 .. number(100)) . '}';
}

# Valid JSON as a tree: [open, [name or '', value]..., close], or the text of a scalar
sub tree
{
	my ($text) = @_;
	$$text =~ /\G\s*/gc;
	if ($$text =~ /\G([\[\{])\s*/gc)
	{
		my $open = $1;
		my @items;
		until ($$text =~ /\G\s*[\]\}]/gc)
		{
			$$text =~ /\G\s*,\s*/gc;
			my $name = $open eq '{' && $$text =~ /\G("(?:[^"\\]|\\.)*")\s*:\s*/gc ? $1 : '';
			push @items, [ $name, tree($text) ];
		}
		return [ $open, @items ];
	}
	$$text =~ /\G("(?:[^"\\]|\\.)*"|[^\s,\]\}]+)/gc or die 'no JSON: ' . substr $$text, pos $$text;
	return $1;
}

my $space;

sub text
{
	my ($tree) = @_;
	return $tree if !ref $tree;
	my ($open, @items) = @$tree;
	my $gap = $space ? pick('', '', ' ', "\r\n\t", "\n  ") : '';
	return
		$open
	  . $gap
	  . join(",$gap", map { (length $_->[0] ? "$_->[0]$gap:$gap" : '') . text($_->[1]) } @items)
	  . $gap
	  . ($open eq '[' ? ']' : '}');
}

# All items, [name, value], of a tree
sub items
{
	my ($tree) = @_;
	return ref $tree ? map { ($_, items($_->[1])) } @$tree[ 1 .. $#$tree ] : ();
}

sub change_structure
{
	my ($tree) = @_;
	my @items = items($tree);
	my $item = @items ? pick(@items) : return;
	my @containers = grep { ref } $tree, map { $_->[1] } @items;
	my $container = pick(@containers);
	my $at = 1 + number(scalar @$container);
	my $name = $container->[0] eq '{' ? '"' . pick('a', 'new', @strings) . '"' : '';
	my $what = number(10);

	if    ($what < 3)  { $item->[1] = random_value() }
	elsif ($what == 3) { splice @$container, $at, 1 }
	elsif ($what == 4) { splice @$container, $at, 0, [ $name, random_value() ] }
	elsif ($what == 5)
	{
		# The same member twice, with this value or another
		my $twin = pick(@items);
		splice @$container, $at, 0, [ $twin->[0], text($twin->[1]) ];
		$twin->[1] = random_value() if chance(0.5);
	}
	elsif ($what == 6 && length $item->[0])
	{
		$item->[0] = pick(
			pick(map { $_->[0] } @items) || '"x"',
			$item->[0] =~ s/"\z/x"/r,
			$item->[0] =~ s/^"(.)/sprintf '"\\u%04x', ord $1/er);
	}
	elsif ($what == 7)
	{
		@$container = ($container->[0], shuffled(@$container[ 1 .. $#$container ]));
	}
	elsif ($what == 8)
	{
		# An array for an object, or the other way round
		my $other = $container->[0] eq '[' ? '{' : '[';
		my $n = 0;
		@$container = (
			$other,
			map { [ $other eq '{' ? '"' . $n++ . '"' : '', $_->[1] ] }
			  @$container[ 1 .. $#$container ]);
	}
	else { $item->[1] = text(pick(@items)->[1]) }
	return;
}

sub change_bytes
{
	my ($text) = @_;
	my $at = number(1 + length $text);
	my $n = pick(1, 1, 1, 2, 5, 50);
	my $what = number(8);

	return $text if !length $text;
	if    ($what == 0) { substr($text, $at % length $text, 1) ^= chr(1 << number(8)) }
	elsif ($what == 1)
	{
		substr $text, $at, 0, join '', map { chr number(256) } 1 .. $n;
	}
	elsif ($what == 2) { substr $text, $at, $n, '' if $at < length $text }
	elsif ($what == 3) { substr $text, $at, length $text, '' }
	elsif ($what == 4) { substr $text, $at, 0, substr $text, number(length $text), $n }
	elsif ($what == 5)
	{
		substr $text, $at, 0,
		  pick('{', '}', '[', ']', '"', ',', ':', '\\', '/', @strings, @numbers);
	}
	elsif ($what == 6) { $text .= pick(' ', "\n", "\0", '}', ' {}', 'x', ',', $text) }
	else               { $text = pick(' ', "\n", "\xef\xbb\xbf", ',', '[', "\0") . $text }
	return $text;
}

# Another value in the place of a token
sub change_token
{
	my ($text) = @_;
	my @tokens = split /("(?:[^"\\]|\\.)*"|[-+.\w]+)/, $text;
	return $text if @tokens < 2;
	my $i = 1 + 2 * number($#tokens / 2);
	$tokens[$i] = chance(0.8) ? random_value() : $tokens[ 1 + 2 * number($#tokens / 2) ];
	return join '', @tokens;
}

sub mutated
{
	my ($body) = @_;
	return pick('', '{}', '[]', 'null', '7', '"x"', "\n", random_value()) if chance(0.03);
	my $tree = tree(\$body);
	$space = chance(0.3);
	if (chance(0.7))
	{
		change_structure($tree) foreach 0 .. pick(0, 0, 0, 1, 4);
	}
	my $text = text($tree);
	$text = change_token($text) if chance(0.2);
	if (chance(0.25))
	{
		$text = change_bytes($text) foreach 0 .. pick(0, 0, 1, 3);
	}
	return $text;
}

# ------------------------------------------------------------------------
# HTTP
# ------------------------------------------------------------------------

sub response
{
	my ($status, $headers, $body) = @_;
	return join "\r\n", "HTTP/1.1 $status", @$headers, '', $body;
}

sub chunked
{
	my ($body) = @_;
	my $text = '';
	my $longest = pick(1, 7, 100, 5000, 100_000);
	$longest = 100 if length $body > 20_000 && $longest < 100;
	while (length $body)
	{
		my $chunk = substr $body, 0, 1 + number($longest), '';
		my $size = sprintf pick('%x', '%X', '%08x'), length $chunk;
		$text .= $size . pick('', '', '', ';a=b', ';x="y z"') . "\r\n$chunk\r\n";
	}
	return $text . pick("0\r\n\r\n", "0\r\n\r\n", "000\r\n\r\n", "0\r\nX-Trailer: 1\r\n\r\n");
}

# (encoding, compressed)
sub compressed
{
	my ($body) = @_;
	return ('gzip', Compress::Zlib::memGzip($body)) if chance(0.6);
	return ('deflate', Compress::Zlib::compress($body));
}

my @harmless = (
	'Content-Type: application/json; charset=utf-8',
	'Content-Type: text/html',
	'Server:',
	'Date: yesterday',
	'Date: Thu, 99 Foo 20266 99:99:99 GMT',
	'Retry-After: -1',
	'Retry-After: 99999999999999999999999',
	'Retry-After: Thu, 01 Jan 1970',
	'Retry-After:',
	'Location: http://127.0.0.1:1/',
	'Set-Cookie: a=b; domain=.',
	'X-Bytes: ' . "\xff\xfe\x01",
	'X-Folded: a' . "\r\n b\r\n\tc",
	'X: ' . 'y' x 60_000,
	'Content-Encoding: identity',
	'Connection: keep-alive',
	'Keep-Alive: timeout=-1, max=0',
	'ETag: "',
	'Expect: nothing',
	'WWW-Authenticate: Basic realm="x"',
	'Alt-Svc: h3=":1"',
	'Content-Range: bytes 0-1/2',
	'Strict-Transport-Security: max-age=31536000');

sub odd_headers
{
	return map { pick(@harmless) } 1 .. pick(0, 0, 0, 1, 2);
}

# In pieces at times, as TCP may have it
sub sent
{
	my ($bytes, $end) = @_;
	my %answer = (bytes => $bytes, end => $end // 'keep');
	if (chance(0.2))
	{
		my $rest = $bytes;
		my @pieces;
		push @pieces, substr $rest, 0, 1 + number(1 + length $bytes), ''
		  while length $rest && @pieces < 9;
		push @pieces, $rest if length $rest;
		$answer{pieces} = \@pieces;
	}
	return \%answer;
}

sub framed
{
	my ($body) = @_;
	my @headers = ('Content-Type: application/json', odd_headers());
	my $interim = chance(0.05) ? "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" : '';
	if (chance(0.4))
	{
		(my $encoding, $body) = compressed($body);
		push @headers, "Content-Encoding: $encoding";
	}
	if (chance(0.3))
	{
		push @headers, 'Transfer-Encoding: chunked';
		return sent($interim . response('200 OK', \@headers, chunked($body)));
	}
	return sent($interim . response('200 OK', [ @headers, 'Connection: close' ], $body), 'close')
	  if chance(0.1);
	push @headers, 'Content-Length: ' . length $body;
	return sent($interim . response(pick('200 OK', '200', '200 ', '203 x'), \@headers, $body));
}

# What zlib makes of it: (text so far, has it all come, is there an error)
sub inflated
{
	my ($bytes, $most) = @_;
	my $stream = Compress::Zlib::inflateInit(-WindowBits => 32 + Compress::Zlib::MAX_WBITS());
	my ($text, $status) = $stream->inflate(my $copy = $bytes);
	return (
		substr($text, 0, $most + 1),
		$status == Compress::Zlib::Z_STREAM_END(),
		$status != Compress::Zlib::Z_STREAM_END()
		  && $status != Compress::Zlib::Z_OK()
		  && $status != Compress::Zlib::Z_BUF_ERROR());
}

my %broken = (
	status => sub {
		my ($body) = @_;
		my $status =
		  pick(201, 202, 206, 226, 299, 300 .. 308, 400 .. 431, 451, 499, 500 .. 511, 599);
		my $read = $status < 300 && $status != 204 && $status != 205;
		my @headers = ('Content-Length: ' . length $body, odd_headers());
		push @headers, 'Location: ' . pick('/', '', 'file:///etc/passwd', 'http://[', '//x')
		  if $status =~ /^3/;
		return (
			{ status => $status, $read ? (reads => $body) : $status == 304 ? () : (fails => 1) },
			sent(response("$status Whatever", \@headers, $body)));
	},
	odd_status => sub {
		my ($body) = @_;
		my $line = pick(
			'HTTP/1.1 000 x',
			'HTTP/1.1 099 x',
			'HTTP/1.1 600 x',
			'HTTP/1.1 999 x',
			'HTTP/1.1 20 x',
			'HTTP/1.1 2000 OK',
			'HTTP/1.1 -200 OK',
			'HTTP/1.1 abc',
			'HTTP/1.1',
			'HTTP/9.9 200 OK',
			'HTTP/3 200 OK',
			'ICY 200 OK',
			'200 OK',
			'garbage',
			'',
			"\0",
			'HTTP/1.1 204 x',
			'HTTP/1.1 205 x',
			'HTTP/1.1 304 x',
			'HTTP/1.1 101 x',
			'HTTP/1.1 100 x',
			'HTTP/1.1 199 x',
			'HTTP/1.0 200 OK',
			"HTTP/1.1 200 OK\0",
			'http/1.1 200 ok',
			'HTTP/1.1 200OK');
		return ({}, sent("$line\r\nContent-Length: " . length($body) . "\r\n\r\n$body", 'close'));
	},
	length => sub {
		my ($body) = @_;
		my $n = length $body;
		my $what = number(4);
		return (
			{ fails => 1 },
			sent(
				response('200 OK', [ 'Content-Length: ' . ($n + 1 + number(1000)) ], $body),
				'close')) if $what == 0;
		my $short = number($n + 1);
		return ({ reads => substr $body, 0, $short },
			sent(response('200 OK', ["Content-Length: $short"], $body)))
		  if $what == 1;
		return (
			{},
			sent(
				response(
					'200 OK',
					[
						map { "Content-Length: $_" } pick(
							[ $n, $n ], [ $n, $n + 1 ], ['abc'], [''],
							[-5], ["+$n"], ["$n, $n"], [ '9' x 25 ],
							['1e3'], ['0x10'], ["00$n"])->@*
					],
					$body),
				'close')) if $what == 2;
		return (
			{},
			sent(
				response(
					'200 OK',
					[ "Content-Length: $n", 'Transfer-Encoding: chunked' ],
					pick($body, chunked($body))),
				'close'));
	},
	chunks => sub {
		my ($body) = @_;
		my $what = number(3);
		my $chunked = chunked($body);
		my @headers = ('Transfer-Encoding: chunked');
		return (
			{ fails => 1 },
			sent(
				response('200 OK', \@headers, substr $chunked, 0, number(length($chunked) - 7)),
				'close')) if $what == 0;
		my $bad =
		  pick('', 'g', '-1', '0x5', 'ffffffffffffffff', '7fffffffffffffff', '1' x 40, "\0", '5 5',
			'5;' . 'x' x 20_000);
		return ({ $bad =~ /^[5f7]/ ? () : (fails => 1) },
			sent(response('200 OK', \@headers, "$bad\r\n$chunked"), 'close'))
		  if $what == 1;
		return (
			{},
			sent(
				response(
					'200 OK',
					[
						pick(
							'Transfer-Encoding: gzip, chunked',
							'Transfer-Encoding: x',
							'Transfer-Encoding: chunked, chunked',
							"Transfer-Encoding: \tCHUNKED ")
					],
					$chunked),
				'close'));
	},
	encoding => sub {
		my ($body, $most) = @_;
		my ($encoding, $bytes) = compressed($body);
		my $what = number(5);
		if    ($what == 0) { substr($bytes, number(length $bytes), 1) ^= chr(1 << number(8)) }
		elsif ($what == 1) { substr $bytes, number(length $bytes), length $bytes, '' }
		elsif ($what == 2) { substr $bytes, number(length $bytes), pick(1, 5), chr number(256) }
		elsif ($what == 3)
		{
			$body = ' ' x ($most + 1 + number(5_000_000));
			($encoding, $bytes) = compressed($body);
			return (
				{ fails => 1 },
				sent(
					response(
						'200 OK',
						[ "Content-Encoding: $encoding", 'Content-Length: ' . length $bytes ],
						$bytes)));
		}
		else
		{
			my $names = pick(
				'x', 'br', 'zstd', 'gzip, gzip', 'gzip, deflate',
				'GZIP', 'x-gzip', 'none', ', ,gzip',
				'identity, gzip',
				join(', ', ('gzip') x 20));
			return (
				{ $names eq 'x' ? (fails => 1) : () },
				sent(
					response(
						'200 OK',
						[ "Content-Encoding: $names", 'Content-Length: ' . length $bytes ], $bytes))
			);
		}
		# That a stream breaks off the client may not see, but then the text is not whole
		my ($text, $whole, $error) = inflated($bytes, $most);
		return (
			{ $error ? (fails => 1) : $whole ? () : (reads_or_fails => $text) },
			sent(
				response(
					'200 OK',
					[ "Content-Encoding: $encoding", 'Content-Length: ' . length $bytes ], $bytes))
		);
	},
	headers => sub {
		my ($body) = @_;
		my @headers = (
			'Content-Length: ' . length $body,
			pick(
				'no colon',
				': no name',
				'X' x 200_000 . ': y',
				'X: ' . 'y' x 200_000,
				"X: a\0b",
				"X\0: y",
				' folded at once',
				'Content-Length : 5',
				join("\r\n", map { "X-$_: y" } 1 .. 4000),
				'X: y' . "\r",
				"X: y\n",
				'Connection: close',
				"\xff\xfe: \xfd"));
		return ({}, sent(response('200 OK', [ shuffled(@headers) ], $body)));
	},
	lines => sub {
		my ($body) = @_;
		return ({ reads => $body },
			sent("HTTP/1.1 200 OK\nContent-Length: " . length($body) . "\n\n$body"));
	},
	cut => sub {
		my ($body) = @_;
		my $whole = framed($body);
		$whole = framed($body) while $whole->{end} eq 'close';
		my $at = number(length $whole->{bytes});
		# Behind the head of a response and the last chunk nothing may be missing
		return (
			{ substr($whole->{bytes}, $at) =~ /^.{0,24}\z/s ? () : (fails => 1) },
			sent(substr($whole->{bytes}, 0, $at), pick('close', 'reset')));
	},
	stall => sub {
		my ($body) = @_;
		my $whole = response('200 OK', [ 'Content-Length: ' . length $body ], $body);
		return ({ fails => 1, stalls => 1 },
			sent(substr($whole, 0, number(length $whole)), 'stall'));
	});

sub broken
{
	my ($body, $most) = @_;
	my $kind = chance(0.02) ? 'stall' : pick(grep { $_ ne 'stall' } sort keys %broken);
	my ($fate, $answer) = $broken{$kind}->($body, $most);
	return ({ %$fate, kind => $kind }, $answer);
}

1;
