-- How the report writes its page.  They are functions of this session, which
-- needs the right to make temporary objects (TEMPORARY), and none to create.
--
-- A text that is not this report's own goes through pg_temp.h(): into an
-- element or an attribute alike.  The other functions do that with each text
-- that they take, but for those whose argument is called "html".

CREATE FUNCTION pg_temp.h(content text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  -- What no page may contain becomes U+FFFD, so that the page is valid XML too
  SELECT replace(replace(replace(replace(replace(
           regexp_replace(content, U&'[\0001-\0008\000B-\001F\007F-\009F\FFFE\FFFF]',
                          U&'\FFFD', 'g'),
           '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;')
$$;

-- Numbers: groups of three digits, whatever lc_numeric is
CREATE FUNCTION pg_temp.n(number numeric, digits int DEFAULT 0) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT translate(to_char(number, 'FM999,999,999,990' || CASE WHEN digits > 0 THEN '.' ELSE '' END
                                   || repeat('0', digits)), ',-', U&'\202F\2212')
$$;

CREATE FUNCTION pg_temp.percent(number float8, digits int DEFAULT 0) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_temp.n(number::numeric, digits) || U&'\202F%'
$$;

-- "1 service", "2 services"
CREATE FUNCTION pg_temp.count_of(number bigint, one text, many text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_temp.h(pg_temp.n(number) || ' ' || CASE number WHEN 1 THEN one ELSE many END)
$$;

-- Times, in the session's time zone
CREATE FUNCTION pg_temp.timed(moment timestamptz, shown text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT format('<time datetime="%s">%s</time>',
                to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
                to_char(moment, shown || CASE date_part('year', moment)
                                         WHEN date_part('year', now()) THEN '' ELSE ' YYYY' END))
  WHERE isfinite(moment)
$$;

CREATE FUNCTION pg_temp.day(moment timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT pg_temp.timed(moment, 'FMDD Mon')
$$;

CREATE FUNCTION pg_temp.minute(moment timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT pg_temp.timed(moment, 'FMDD Mon HH24:MI')
$$;

-- A length of time in the unit that suits it
CREATE FUNCTION pg_temp.lasting(length interval) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
           WHEN abs(s) < 120 THEN pg_temp.n(s) || ' s'
           WHEN abs(s) < 7200 THEN pg_temp.n(s / 60) || ' min'
           WHEN abs(s) < 172800 THEN pg_temp.n(s / 3600) || ' h'
           ELSE pg_temp.n(s / 86400) || ' days'
         END
  FROM (SELECT extract(epoch FROM length)::numeric AS s) AS seconds
$$;

-- What asks for somebody: a sign beside the words, so that colour is not all that says so
CREATE FUNCTION pg_temp.alert(html text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '<span class="alert"><span aria-hidden="true">▲ </span>' || html || '</span>'
$$;

-- The heading of a row: a service and what it is
CREATE FUNCTION pg_temp.service(name text, detail text DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT format('<th scope="row">%s%s</th>', pg_temp.h(name),
                ' <span class="detail">' || pg_temp.h(detail) || '</span>')
$$;

CREATE FUNCTION pg_temp.empty(html text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '<p class="empty">' || html || '</p>'
$$;

-- A row of cells, and what cells there are: of a text, of HTML, of a number to the right
CREATE FUNCTION pg_temp.tr(VARIADIC html text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '<tr>' || array_to_string(html, '') || '</tr>'
$$;

CREATE FUNCTION pg_temp.cell(content text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '<td>' || coalesce(pg_temp.h(content), '–') || '</td>'
$$;

CREATE FUNCTION pg_temp.cell_of(html text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '<td>' || coalesce(html, '–') || '</td>'
$$;

CREATE FUNCTION pg_temp.number(html text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '<td class="number">' || coalesce(html, '–') || '</td>'
$$;

-- A table of rows in HTML, or what to say where there are none.  A heading that ends in ">"
-- is one of numbers, to the right.
CREATE FUNCTION pg_temp.rows(caption text, headings text[], html text, if_empty text,
                             html_foot text DEFAULT '')
RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
           WHEN html IS NULL THEN pg_temp.empty(pg_temp.h(if_empty))
           ELSE '<div class="wide"><table><caption>' || pg_temp.h(caption)
                || E'</caption>\n<thead><tr>'
                || (SELECT string_agg(CASE WHEN h LIKE '%>' THEN '<th scope="col" class="number">'
                                      ELSE '<th scope="col">' END
                                      || pg_temp.h(rtrim(h, '>')) || '</th>', '' ORDER BY n)
                    FROM unnest(headings) WITH ORDINALITY AS u (h, n))
                || E'</tr></thead>\n<tbody>\n' || html || E'\n</tbody>' || html_foot
                || '</table></div>'
         END
$$;

-- A cell with a share of a whole, from 0 to 1, as a bar
CREATE FUNCTION pg_temp.bar(share float8) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT format('<td class="chart"><svg class="bar" aria-hidden="true">'
                '<rect width="100%%" height="100%%" class="rest"/>'
                '<rect width="%s%%" height="100%%"/></svg></td>',
                round(100 * least(greatest(coalesce(share, 0), 0), 1)::numeric, 1))
$$;

-- The full hours that divide a day of the session's time zone in four, each with where it lies
-- in the day until "ends", from 0 to 1
CREATE FUNCTION pg_temp.hours(ends timestamptz)
RETURNS TABLE (place numeric, label text) LANGUAGE sql STABLE AS $$
  SELECT round((1 - extract(epoch FROM ends - t) / 86400)::numeric, 4), to_char(t, 'HH24')
  FROM generate_series(date_trunc('day', ends) - interval '1 day', ends, interval '6 hours') AS t
  WHERE t > ends - interval '1 day'
$$;

-- What stands above a column of lines: the hours
CREATE FUNCTION pg_temp.axis(ends timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT '<svg class="axis" role="img"><title>A day, until ' || to_char(ends, 'FMDD Mon HH24:MI')
         || '</title>'
         || string_agg(format('<text x="%s%%" y="11" text-anchor="%s">%s</text>',
                              round(100 * place, 2),
                              CASE WHEN place < 0.1 THEN 'start' WHEN place > 0.9 THEN 'end'
                              ELSE 'middle' END, label), '' ORDER BY place)
         || '</svg>'
  FROM pg_temp.hours(ends)
$$;

-- A day as a line: "places" from 0 to 1 and percentages, in the order of time.  Where samples are
-- missing for more than "gap" so is the line.
CREATE FUNCTION pg_temp.line(title text, ends timestamptz, places numeric[], percents float8[],
                             gap numeric)
RETURNS text LANGUAGE sql STABLE AS $$
  WITH point AS (
    SELECT n, round(200 * place, 1) AS x, round(30 - 0.28 * percent::numeric, 1) AS y, percent,
           lag(place) OVER (ORDER BY n) AS before, place
    FROM unnest(places, percents) WITH ORDINALITY AS u (place, percent, n)
  ), drawn AS (
    SELECT string_agg(CASE WHEN place - before <= gap THEN 'L' ELSE 'M' END || x || ' ' || y
                      || CASE WHEN place - before <= gap THEN '' ELSE 'h0' END, '' ORDER BY n) AS d,
           (array_agg(x || ' ' || y ORDER BY n DESC))[1] AS last
    FROM point
  )
  SELECT format('<svg class="line" viewBox="0 0 200 32" preserveAspectRatio="none" role="img">'
                '<title>%s</title><path class="grid" d="M0 30H200M0 2H200%s"/><path d="%s"/>'
                '<path class="end" d="M%sh0"/></svg>',
                pg_temp.h(title),
                (SELECT string_agg('M' || round(200 * h.place, 1) || ' 2V30', '' ORDER BY h.place)
                 FROM pg_temp.hours(ends) AS h),
                trim_scale, last)
  FROM (SELECT replace(d, '.0', '') AS trim_scale, last FROM drawn) AS d
$$;
