# The catalogue agrees with the API's OpenAPI document, where that is at hand: every path,
# parameter, field, type, enum and bound, and nothing that the document has is left out unsaid.
use strict;
use warnings;

use DbaasTest;
use FindBin;
use JSON::PP ();
use Test::More;

my $file = $ENV{DBAAS_OPENAPI} // "$FindBin::RealBin/../../../shared/api/openapi-dbaas.json";
if (!-r $file)
{
	diag(   'skipped: the catalogue was NOT compared with an OpenAPI document; set '
		  . 'DBAAS_OPENAPI to compare with one');
	plan skip_all => 'SKIPPED: there is no OpenAPI document to compare with';
}
open my $handle, '<', $file or die "cannot open $file: $!";
my $document = JSON::PP->new->utf8->decode(do { local $/; <$handle> });

# Where the document says less than what the API's own clients expect
my %looser = (
	'external_integrations.dest_endpoint_id' =>
	  'a plain string there, but what it names has a uuid',
	'logs.time' => 'a plain string there, but always a time',
	'clickhouse_roles.uuid' => 'a plain string there, but a uuid where it is deleted');

# What the API calls the services' types in paths, and which tables are for some types
my %segment = (
	pg => 'postgres',
	map { $_ => $_ } qw(clickhouse grafana kafka mysql opensearch thanos valkey));
my %only = (
	databases => [qw(mysql pg)],
	connection_pools => ['pg'],
	kafka_acls => ['kafka'],
	clickhouse_roles => ['clickhouse'],
	opensearch_acls => ['opensearch']);

# Tables whose type is not that of a service
my @endpoint_types =
  @{ resolve({ '$ref' => '#/components/schemas/enum-external-endpoint-types' })->{enum} };
my %other_types = (external_endpoints => [ sort { $a cmp $b } @endpoint_types ]);

# What a list does not show, though a read of each row does
my %lacks = ('/dbaas-external-endpoints' => 'settings');

# What is secret, or has another place
my %left_out = (
	'service_details.update.*' => 1,    # dbaas_services.parameters has the rest
	users => [qw(access-cert access-key password)],
	'actions.insert' => [qw(authentication password)],    # of a reset: the API chooses
	'kafka_acls.insert' => ['id']);    # the API makes it

# Fields of objects that the document leaves open
my %open = map { $_ => 1 } qw(service_details.host service_details.port);

# Tables whose answers the document leaves open
my %free_form = (metrics => 1);

sub resolve
{
	my ($schema) = @_;
	return {} unless defined $schema;
	return $schema unless $schema->{'$ref'};
	my ($name) = $schema->{'$ref'} =~ m{([^/]+)$};
	return resolve($document->{components}{schemas}{$name});
}

sub operation
{
	my ($line) = @_;
	my ($method, $path) = split ' ', $line;
	return $document->{paths}{$path}{ lc $method };
}

# A read of each type that a path in terms of the type stands for: (type, "METHOD PATH rows")
sub expand
{
	my ($table, $read) = @_;
	return [ undef, $read ] unless $read =~ /\{(service-)?type\}/;
	my $names_type = !$1;
	my ($method, $path, $rows) = split ' ', $read;
	my @rows = $rows // '';

	# The rows of several members are those of each
	@rows = map { s/.*=//r . '[]' } split /\|/, $1 if $rows[0] =~ /^\{(.+)\}\.\[\]$/;
	return map {
		my $type = $_;
		my $full =
			$names_type
		  ? $path =~ s/\{type\}/$type/r
		  : documented_path({ method => $method, path => $path }, $type) // $path;
		map { [ $type, "$method $full $_" ] } @rows
	} @{ $other_types{$table} // $only{$table} // [ sort keys %segment ] };
}

sub body_schema
{
	my ($operation) = @_;
	return $operation->{requestBody}
	  ? resolve($operation->{requestBody}{content}{'application/json'}{schema})
	  : undef;
}

# What the column's domain should be, by a schema
sub domain_of
{
	my ($schema) = @_;
	my %domain;
	$domain{enum} = [ sort @{ $schema->{enum} } ] if $schema->{enum};
	if ($schema->{type} eq 'integer')
	{
		exists $schema->{$_} and $domain{$_} = $schema->{$_} foreach qw(minimum maximum);
	}
	if (defined $schema->{maxLength})
	{
		$domain{maxLength} = $schema->{maxLength};
		$domain{minLength} = $schema->{minLength} // 0;
	}
	return \%domain;
}

# The SQL type that a schema asks for
sub sql_type
{
	my ($schema) = @_;
	my $type = $schema->{type};
	if ($type eq 'string')
	{
		my $format = $schema->{format} // '';
		return
			$format eq 'uuid'      ? 'uuid'
		  : $format eq 'date-time' ? 'timestamp with time zone'
		  :                          'text';
	}
	return 'bigint' if $type eq 'integer';
	return 'double precision' if $type eq 'number';
	return 'boolean' if $type eq 'boolean';
	return 'text[]' if $type eq 'array' && resolve($schema->{items})->{type} eq 'string';
	return 'jsonb';
}

# The schemas along a rows expression: the answer, and each element on the way
sub levels
{
	my ($answer, $rows) = @_;
	my @levels = (resolve($answer));
	foreach my $step (split /\./, $rows)
	{
		my ($member, $each) = $step =~ /^([\w-]+)(\[\])?$/ or return;
		my $schema = resolve($levels[-1]{properties}{$member});
		return unless ($schema->{type} // '') eq ($each ? 'array' : 'object');
		push @levels, $each ? resolve($schema->{items}) : $schema;
	}
	return @levels;
}

# The schema of a column's field, or undef
sub field_schema
{
	my ($field, @levels) = @_;
	($field) = grep { field_schema($_, @levels) } split /\|/, $field if $field =~ /\|/;
	return unless defined $field;
	my $up = $field =~ s{^((?:\.\./)*)}{} ? length($1) / 3 : 0;
	return if $up > $#levels;
	my $schema = $levels[ $#levels - $up ];
	return $schema if $field eq '*';
	return { type => 'string' } if $field eq '#key';
	$schema = resolve(($schema->{properties} // {})->{$_} // return) foreach split m{/}, $field;
	return $schema;
}

my $t = DbaasTest->new(services => 1, logs => 1, import => 0);
my $rows = JSON::PP->new->utf8->decode(
	$t->sql('SELECT json_agg(c ORDER BY table_name, ordinal) FROM dbaas_fdw_catalogue() c'));
my %tables;
push @{ $tables{ $_->{table_name} =~ s/^dbaas_//r } }, $_ foreach @$rows;

foreach my $table (sort keys %tables)
{
	my @columns = @{ $tables{$table} };
	my %known;    # parameters that some request takes
	my %documented;

	is($columns[0]{column_name}, 'zone', "$table: zone comes first");
	is($columns[0]{data_type}, 'text', "$table: zone is text");

	foreach my $expanded (map { expand($table, $_) } @{ $columns[0]{reads} })
	{
		my ($service_type, $read) = @$expanded;
		my ($method, $path, $expression) = split ' ', $read;
		my $operation = operation($read);
		ok($operation, "$table: $method $path is documented") or next;
		my $answer = $operation->{responses}{200}{content}{'application/json'}{schema};
		my %in_path = map { $_->{name} => resolve($_->{schema}) }
		  grep { $_->{in} eq 'path' } @{ $operation->{parameters} };
		my $body = body_schema($operation);
		my %in_body =
		  map { $_ => resolve($body->{properties}{$_}) } keys %{ $body ? $body->{properties} : {} };

		if ($service_type)
		{
			# The template has names of its own
			%known = (%known, %in_path, map { $_ => 1 } qw(service-type service-name type));
			is(scalar(keys %in_path), $path =~ tr/{//, "$table: parameters of $path");
			%in_path = ();
		}
		%known = (%known, %in_path, %in_body);

		# Parameters: all, and no other
		is_deeply(
			[ sort { $a cmp $b } $path =~ /\{(.*?)\}/g ],
			[ sort { $a cmp $b } keys %in_path ],
			"$table: parameters of $path") unless $service_type;
		foreach my $param (sort { $a cmp $b } keys %in_path, keys %in_body)
		{
			my ($column) = grep { ($_->{param} // '') eq $param } @columns;
			ok($column, "$table: parameter $param of $path has a column") or next;
			my $schema = $in_path{$param} // $in_body{$param};
			my $domain = $column->{domain} // {};
			$domain->{enum} = [ sort @{ $domain->{enum} } ] if $domain->{enum};
			my $wanted = domain_of($schema);

			# Some paths say of a service's name that it is a string, others what a name is
			$wanted = domain_of(resolve({ '$ref' => '#/components/schemas/dbaas-service-name' }))
			  if $column->{column_name} eq 'service_name' && !%$wanted;
			is_deeply($domain, $wanted, "$table.$column->{column_name}: what the API accepts");
			my $type = sql_type($schema);
			ok( $column->{data_type} eq $type
				  || ($column->{data_type} eq 'uuid' && $type eq 'text'),
				"$table.$column->{column_name}: type of the parameter is $type");
			ok( !grep({ $_ eq $param } @{ $body->{required} // [] })
				  || $column->{required}
				  || defined $column->{default_value},
				"$table: a required $param is always given") if $body;
		}

		# Answers
		if ($free_form{$table})
		{
			is(resolve($answer)->{properties}{metrics}{type},
				'object', "$table: the answer is free-form");
			next;
		}
		my @levels = levels($answer, $expression // '');
		ok(scalar @levels, "$table: rows of $path are where \"" . ($expression // '') . '" says')
		  or next;
		my $documented = 0;
		foreach my $column (grep { defined $_->{field} } @columns)
		{
			my $name = "$table.$column->{column_name}";
			my $field = $column->{field} =~ s/^\{type\}/$service_type/r;
			my $schema = field_schema($field, @levels);

			# A field one level up is that of the row itself where the row is the answer
			$schema //= field_schema($column->{field} =~ s{^\.\./}{}r, @levels)
			  if $column->{field} =~ m{^\.\./} && defined $column->{param};
			next if $open{$name};
			if (($lacks{$path} // '') eq $column->{column_name})
			{
				ok(!$schema, "$name: $path lacks it");
				next;
			}
			next if $service_type && !$schema;
			ok($schema, "$name: field $column->{field} of $path is documented") or next;
			$documented{ $column->{field} } = 1;
			my $type = sql_type($schema);
			is( $column->{data_type},
				$looser{$name} && $type eq 'text' ? $column->{data_type} : $type,
				"$name: type of $column->{field}");
			$documented++;
		}
		cmp_ok($documented, '>', 0, "$table: fields of $path");

		# Nothing that the document has is missing
		my %shown = map {
			my $field = $_->{field} =~ s/^\{type\}/$service_type/r;
			($field => 1, map { (split m{/})[0] => 1 } split /\|/, $field)
		} grep { defined $_->{field} } @columns;
		next if $shown{'*'};
		$shown{$_} = 1 foreach @{ $left_out{$table} // [] };
		my @missing = grep { !$shown{$_} } sort { $a cmp $b } keys %{ $levels[-1]{properties} };
		is_deeply(\@missing, [], "$table: every field of $path has a column");
	}
	foreach my $column (grep { defined $_->{param} } @columns)
	{
		ok($known{ $column->{param} },
			"$table.$column->{column_name}: some request takes $column->{param}");
		next
		  unless defined $column->{default_value} && $column->{domain} && $column->{domain}{enum};
		ok((grep { $_ eq $column->{default_value} } @{ $column->{domain}{enum} }),
			"$table.$column->{column_name}: the default is allowed");
	}

	ok( $documented{ $_->{field} } || $open{"$table.$_->{column_name}"},
		"$table.$_->{column_name}: some answer has $_->{field}"
	) foreach grep { defined $_->{field} && !$free_form{$table} } @columns;

	# Names follow from the API's: snake_case for kebab-case
	foreach my $column (grep { defined $_->{field} && $_->{field} =~ /^[a-z-]+$/ } @columns)
	{
		(my $snake = $column->{field}) =~ tr/-/_/;
		next if $snake eq $column->{column_name} || $column->{column_name} eq 'service_name';
		ok($column->{column_name} eq 'zone' || $snake =~ /(?:^|_)\Q$column->{column_name}\E$/,
			"$table.$column->{column_name}: named for $column->{field}");
	}

	# Writes
	foreach my $kind (qw(insert update delete))
	{
		my @endpoints = @{ $columns[0]{writes}{$kind} // [] };
		is( $columns[0]{$kind},
			@endpoints ? "$endpoints[0]{method} $endpoints[0]{path}" : undef,
			"$table: $kind: the first of its endpoints");
		@endpoints = map { spelled_out($_, @columns) } @endpoints;
		my %choices = map { ($_->{choice} // '') => 1 } @endpoints;
		foreach my $choice (sort keys %choices)
		{
			check_types($table, $kind, grep { ($_->{choice} // '') eq $choice } @endpoints);
		}
		foreach my $endpoint (@endpoints)
		{
			check_write($table, $kind, $endpoint, $_, @columns)
			  foreach @{ $other_types{$table} // $endpoint->{serviceTypes} // [undef] };
		}
	}
}

# An endpoint for each choice that its path stands for
sub spelled_out
{
	my ($endpoint, @columns) = @_;
	my ($name) =
	  map { $_->{write_domain}{choiceColumn} // () } grep { $_->{write_domain} } @columns;
	return $endpoint unless defined $name && $endpoint->{path} =~ /\{\Q$name\E\}/;
	my ($column) = grep { $_->{column_name} eq $name } @columns;
	return map {
		{ %$endpoint, choice => $_, path => $endpoint->{path} =~ s/\{\Q$name\E\}/$_/r }
	} @{ $column->{write_domain}{enum} };
}

# A column as it is written in rows of a choice
sub chosen
{
	my ($kind, $choice, $column) = @_;
	my %domain = %{ $column->{write_domain} // {} };
	my $choices = delete($domain{choices}) // {};
	my %own = %{ $choices->{ $choice // '' } // {} };
	delete $domain{choiceColumn};
	my $member = delete $own{member} // $column->{"${kind}_field"};
	return { %$column, write_domain => { %domain, %own }, "${kind}_field" => $member };
}

# The path of an endpoint for a type of service, with the document's names of parameters; or undef
sub documented_path
{
	my ($endpoint, $service_type) = @_;
	my $path =
	  defined $service_type
	  ? $endpoint->{path} =~ s{\{(?:service-)?type\}}{$segment{$service_type} // $service_type}er
	  : $endpoint->{path};
	my $pattern = join '\{[^{}/]+\}', map { quotemeta } split /\{[^}]*\}/, $path, -1;
	my ($found) = grep { /^$pattern$/ && $document->{paths}{$_}{ lc $endpoint->{method} } }
	  sort keys %{ $document->{paths} };
	return $found;
}

# The endpoints of a command are for the types that the document has them for
sub check_types
{
	my ($table, $kind, @endpoints) = @_;
	my @typed = grep { $_->{serviceTypes} } @endpoints or return;
	my %taken;    # a type, and of an UPDATE a column too: how often
	foreach my $endpoint (@typed)
	{
		foreach my $type (@{ $endpoint->{serviceTypes} })
		{
			$taken{"$type $_"}++
			  foreach $kind eq 'update' ? @{ $endpoint->{columns} // ['*'] } : ('*');
		}
	}
	is_deeply([ grep { $taken{$_} > 1 } keys %taken ], [], "$table: $kind: each once");
	my %types = map { (split ' ')[0] => 1 } keys %taken;
	my @documented = grep {
		my $type = $_;
		grep { defined documented_path($_, $type) } @typed
	} sort keys %segment;
	is_deeply([ sort { $a cmp $b } keys %types ],
		\@documented, "$table: $kind: the types of service that take it");
	return;
}

# The column that a placeholder of a path stands for
sub column_of
{
	my ($param, @columns) = @_;
	my ($column) = (
		(grep { ($_->{param} // '') eq $param } @columns),
		(grep { ($_->{field} // '') eq $param } @columns),
		grep { $_->{column_name} =~ tr/_/-/r eq $param } @columns);
	return $column;
}

# What replaces an object as a whole takes what the read shows.  The fields of its rows that a
# write may set: of an INSERT all but what is beside the rows
sub part_fields
{
	my ($table, $kind, $operation, $sent, @columns) = @_;
	my ($method, $path, $expression) = split ' ', (expand($table, $columns[0]{reads}[-1]))[0][1];
	my $answer = operation("$method $path")->{responses}{200}{content}{'application/json'}{schema};
	my $schema = $operation->{requestBody}{content}{'application/json'}{schema};
	is_deeply($schema, $answer, "$table: $kind: the body is what the read shows");
	my (undef, @levels) = levels($schema, $expression);
	my %fields;
	foreach my $up (0 .. $#levels)
	{
		my $members = $levels[ $#levels - $up ]{properties};
		$fields{ '../' x $up . $_ } = resolve($members->{$_})
		  foreach grep { resolve($members->{$_})->{type} ne 'array' } keys %$members;
	}
	delete @fields{ grep { !$sent->{$_} } keys %fields } if $kind eq 'update';
	return %fields;
}

sub check_write
{
	my ($table, $kind, $endpoint, $service_type, @columns) = @_;
	my $template = $endpoint->{path};
	my $path = documented_path($endpoint, $service_type);
	ok( defined $path,
		"$table: $kind: $endpoint->{method} $template is documented"
		  . ($service_type ? " for $service_type" : '')) or return;
	my $documented = "$endpoint->{method} $path";
	my $operation = operation($documented);
	my %schema = map { $_->{name} => resolve($_->{schema}) } @{ $operation->{parameters} };
	my @in_path = $path =~ /\{(.*?)\}/g;
	my @named = grep { !/^(?:service-)?type$/ } $template =~ /\{(.*?)\}/g;
	is_deeply(
		[ sort { $a cmp $b } @in_path ],
		[ sort { $a cmp $b } keys %schema ],
		"$table: $kind: parameters of $path");
	is(scalar(@named), scalar(@in_path), "$table: $kind: and of the template");

	my %arguments = %{ $endpoint->{arguments} // {} };
	foreach my $i (0 .. $#in_path)
	{
		# What is given as an argument, or found in the lists
		next if grep { $_ eq $named[$i] } @{ $endpoint->{found} // [] };
		if (my $argument = delete $arguments{ $named[$i] })
		{
			is_deeply(
				$argument,
				domain_of($schema{ $in_path[$i] }),
				"$table: $kind: argument $named[$i] of $path");
			next;
		}
		my $column = column_of($named[$i], @columns);
		ok($column, "$table: $kind: parameter $in_path[$i] has a column") or next;
		my $type = sql_type($schema{ $in_path[$i] });
		ok($column->{data_type} eq $type || ($column->{data_type} eq 'uuid' && $type eq 'text'),
			"$table.$column->{column_name}: $kind: type of $in_path[$i]");
		is_deeply(
			$column->{write_domain} // $column->{domain} // {},
			domain_of($schema{ $in_path[$i] }),
			"$table.$column->{column_name}: $kind: what the API accepts") if $kind eq 'insert';
	}
	my $response = resolve($operation->{responses}{200}{content}{'application/json'}{schema});
	is( exists $response->{properties}{state} ? 1 : 0,
		$endpoint->{startsOperation}          ? 1 : 0,
		"$table: $kind: $documented: is the response an operation?");
	return if $kind eq 'delete';

	@columns = map { chosen($kind, $endpoint->{choice}, $_) } @columns;
	my $body = body_schema($operation);
	my %of_endpoint = map { $_ => 1 } @{ $endpoint->{columns} // [] };
	my %sent = map { $_->{"${kind}_field"} =~ s/^\{type\}/$service_type/r => $_ }
	  grep { defined $_->{"${kind}_field"} }
	  grep { !$endpoint->{columns} || $of_endpoint{ $_->{column_name} } } @columns;
	my %fields =
	  map { $_ => resolve($body->{properties}{$_}) } keys %{ $body ? $body->{properties} : {} };
	delete @fields{ @{ $left_out{"$table.$kind"} // [] } };
	%fields = part_fields($table, $kind, $operation, \%sent, @columns)
	  if $endpoint->{replacesWhole};

	foreach my $argument (sort keys %arguments)
	{
		my $field = delete $fields{$argument};
		ok($field, "$table: $kind: argument $argument is a member of the body of $path") or next;
		is_deeply($arguments{$argument}, domain_of($field), 'with what it accepts');
	}
	# Members of a member that columns give each by itself
	foreach my $outer (
		grep {
			my $field = $_;
			grep { index($_, "$field/") == 0 } keys %sent
		} keys %fields)
	{
		my $schema = delete $fields{$outer};
		$fields{"$outer/$_"} = resolve($schema->{properties}{$_})
		  foreach keys %{ $schema->{properties} };
	}

	# What is for some types is for those alone that have it, by the document
	foreach my $field (
		grep { $sent{$_}{write_domain} && $sent{$_}{write_domain}{serviceTypes} }
		sort { $a cmp $b } keys %sent)
	{
		my $column = $sent{$field};
		my $has_it = grep { $_ eq $service_type } @{ $column->{write_domain}{serviceTypes} };
		is( $has_it                ? 1 : 0,
			exists $fields{$field} ? 1 : 0,
			"$table.$column->{column_name}: $kind: is it for $service_type?");
		delete $sent{$field} unless $has_it;
	}
	my $open = delete $sent{'*'} || $left_out{"$table.$kind.*"};
	delete @fields{ grep { !$sent{$_} } keys %fields } if $open;
	is_deeply(
		[ sort { $a cmp $b } keys %sent ],
		[ sort { $a cmp $b } keys %fields ],
		"$table: $kind: members of the body of $path");
	foreach my $field (sort { $a cmp $b } keys %fields)
	{
		my $column = $sent{$field} or next;
		my $domain = { %{ $column->{write_domain} // {} } };
		my $by_type = delete $domain->{byType};
		$domain = $by_type->{$service_type} if $service_type && $by_type->{$service_type};
		delete $domain->{serviceTypes};
		$domain->{enum} = [ sort @{ $domain->{enum} } ] if $domain->{enum};
		my $wanted = domain_of($fields{$field});
		$wanted->{pattern} = $fields{$field}{pattern}
		  if $by_type && $fields{$field}{pattern};
		is_deeply($domain, $wanted,
			"$table.$column->{column_name}: $kind: what the API accepts for $field");
		my $type = sql_type($fields{$field});
		is($column->{data_type}, $type, "$table.$column->{column_name}: $kind: type of $field");
	}

	foreach my $field (grep { !exists $arguments{$_} } @{ $body ? $body->{required} // [] : [] })
	{
		ok($sent{$field}, "$table: $kind: the required $field can be given");
	}
	return;
}

# What reveals secrets: all paths that do, for each type, and what their answers have
my %revealed;
foreach my $reveal (@{ $tables{users}[0]{reveals}{reveals} })
{
	foreach my $type (@{ $reveal->{serviceTypes} })
	{
		my $path = documented_path({ method => 'GET', path => $reveal->{path} }, $type);
		ok(defined $path, "reveal: $reveal->{path} is documented for $type") or next;
		my $answer = resolve(
			operation("GET $path")->{responses}{200}{content}{'application/json'}{schema});
		is_deeply(
			[ sort { $a cmp $b } @{ $reveal->{members} } ],
			[ sort { $a cmp $b } keys %{ $answer->{properties} } ],
			"reveal: what $path shows");
		is($revealed{$path}++, 0, "reveal: $path, once");
	}
}
is_deeply(
	[ sort { $a cmp $b } keys %revealed ],
	[ sort { $a cmp $b } grep { m{/reveal$} } keys %{ $document->{paths} } ],
	'reveal: all that the document has');

done_testing();
