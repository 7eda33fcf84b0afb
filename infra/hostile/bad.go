package hostile

import (
	"strconv"
	"strings"
	"time"

	"trunkline/pkg/ingest"
)

// Table is the table of bad inputs.
func Table() []Bad {
	return append(append(transport(), addresses()...), payloads()...)
}

const slowly = 100 * time.Millisecond

// transport is what goes wrong before there is a request.
func transport() []Bad {
	return []Bad{
		{"headers that come a byte at a time", 0, "", Nothing, []Attempt{
			{Name: "one long header", Wire: "POST " + ownPath + headers + "X: ", More: "x", Pause: slowly},
			{Name: "nothing after the first line", Wire: "POST " + ownPath + " HTTP/1.1\r\n"},
		}},
		{"a body that comes a byte at a time, or not at all", 408, title(ingest.Interrupted), Nothing, []Attempt{
			{Name: "slowly", Wire: cut(post(ownPath, state), len(state)), More: " ", Pause: slowly},
			{Name: "not at all", Wire: cut(post(ownPath, state), len(state))},
			{Name: "in chunks, slowly", Wire: chunked(ownPath, ""), More: "1\r\n \r\n", Pause: slowly},
			{Name: "a length of 9 EB",
				Wire: "POST " + ownPath + headers + "Content-Length: 9223372036854775807\r\n\r\n" + state},
		}},
		{"a body that ends too soon, or has an invalid chunked encoding", 408, title(ingest.Interrupted), Nothing, []Attempt{
			{Name: "shorter than announced", Wire: strings.Replace(post(ownPath, state), "Content-Length: ",
				"Content-Length: 1", 1), HangsUp: true},
			{Name: "no last chunk", Wire: chunked(ownPath, "39\r\n"+state+"\r\n"), HangsUp: true},
			{Name: "a length that is no number", Wire: chunked(ownPath, "oops\r\n"+state)},
			{Name: "a length over 64 bits", Wire: chunked(ownPath, "fffffffffffffffff\r\n"+state)},
			{Name: "a chunk longer than announced", Wire: chunked(ownPath, "2\r\n"+state+"\r\n0\r\n\r\n")},
			{Name: "an extension without end", Wire: chunked(ownPath, "1;"), More: strings.Repeat("x", 1<<10)},
		}},
		{"chunks without end", 413, title(ingest.TooLarge), Nothing, []Attempt{
			{Name: "large", Wire: chunked(ownPath, ""), More: "4000\r\n" + strings.Repeat(" ", 0x4000) + "\r\n"},
			{Name: "small", Wire: chunked(ownPath, ""), More: strings.Repeat("400\r\n"+strings.Repeat(" ",
				0x400)+"\r\n", 16)},
		}},
		{"headers or a URL without end", 431, "", Nothing, []Attempt{
			{Name: "many", Wire: "POST " + ownPath + headers, More: "X: y\r\n"},
			{Name: "one", Wire: "POST " + ownPath + headers + "X: ", More: strings.Repeat("y", 1<<10)},
			{Name: "URL", Wire: "POST " + ownPath, More: strings.Repeat("y", 1<<10)},
			{Name: "query", Wire: "POST " + ownPath + "?", More: strings.Repeat("y", 1<<10)},
		}},
		{"bytes that are no HTTP request", 400, "", Nothing, wires(
			"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("\x00", 20)+"\r\n\r\n",
			"\r\n\r\n\r\n", "POST\r\n\r\n", "POST "+ownPath+"\r\n\r\n", "POST  "+ownPath+headers+"\r\n",
			"POST "+ownPath+" HTTP/1.1 \r\nHost: pbx\r\n\r\n", "PO ST "+ownPath+headers+"\r\n",
			post("/v1/pbx/"+macMark+"/%zz", state), post("/v1/pbx/"+macMark+"/\x00"+tokenMark, state),
			post("/v1/pbx/"+macMark+"/\x1b[2J", state),
		)},
		{"headers that contradict each other, or are malformed", 400, "", Nothing, wires(
			post(ownPath, state, "Content-Length: 3"), strings.Replace(post(ownPath, state), "Content-Length: ",
				"Content-Length: +", 1),
			strings.Replace(post(ownPath, state), "Content-Length: ", "Content-Length: -", 1),
			strings.Replace(post(ownPath, state), "Content-Length: ", "Content-Length: 0x", 1),
			post(ownPath, state, "Host: other"), strings.Replace(post(ownPath, state), "Host: pbx\r\n", "", 1),
			post(ownPath, state, "X : y"), post(ownPath, state, "X"), post(ownPath, state, "X: a\x00b"),
			post(ownPath, state, "X: a\x1b[2Jb"),
			post(ownPath, state, " folded: from the line before"), post(ownPath, state, "Transfer-Encoding : chunked"),
		)},
		{"a transfer coding other than chunked", 501, "", Nothing, wires(
			strings.Replace(chunked(ownPath, "0\r\n\r\n"), "chunked", "gzip, chunked", 1),
			strings.Replace(chunked(ownPath, "0\r\n\r\n"), "chunked", "xchunked", 1),
			strings.Replace(chunked(ownPath, "0\r\n\r\n"), "chunked", "identity", 1),
			chunked(ownPath, "0\r\n\r\n", "Transfer-Encoding: chunked"),
		)},
		{"a version of HTTP other than 1.0 and 1.1", 505, "", Nothing, wires(
			strings.Replace(post(ownPath, state), "HTTP/1.1", "HTTP/9.9", 1), strings.Replace(post(ownPath,
				state), "HTTP/1.1", "HTTP/2.0", 1),
		)},
		{"an expectation other than 100-continue", 417, "", Nothing, wires(post(ownPath, state, "Expect: the-moon"))},
	}
}

// cut is a request without the last bytes of it.
func cut(wire string, last int) string { return wire[:len(wire)-last] }

// addresses are requests for what is not there, or not for everybody.
func addresses() []Bad {
	return []Bad{
		{"a `GET` of the PBX's own URL, with a body or a method behind it: it says that the URL works", 200, title(ingest.Admitted), Nothing, wires(
			"GET "+ownPath+headers+"\r\n", strings.Replace(post(ownPath, state), "POST", "GET", 1),
			"GET "+ownPath+"?event=hangup&uniqueid=1"+headers+"\r\n",
			"GET "+ownPath+headers+"X-HTTP-Method-Override: POST\r\n\r\n",
			strings.Replace(chunked(ownPath, "39\r\n"+state+"\r\n0\r\n\r\n"), "POST", "GET", 1),
		)},
		{"another method, such as `TRACE`, `CONNECT`, `post` or a made-up one", 405, title(ingest.NotAllowed), Nothing, wires(
			strings.Replace(post(ownPath, state), "POST", "PUT", 1),
			"DELETE "+ownPath+headers+"\r\n",
			"OPTIONS "+ownPath+headers+"\r\n", "TRACE "+ownPath+headers+"\r\n", "CONNECT "+ownPath+headers+"\r\n",
			strings.Replace(post(ownPath, state), "POST", "post", 1), strings.Replace(post(ownPath, state),
				"POST", "POST2", 1),
		)},
		{"another path, with `//`, `..` or `%2f` in it too", 404, title(ingest.NotFound), Nothing, wires(
			post("/", state), post("/v1/pbx/", state), post("/v1/pbx/"+macMark, state), post(ownPath+"/",
				state), post("/"+ownPath, state),
			post("/v1//pbx/"+macMark+"/"+tokenMark, state), post("/v1/pbx/"+macMark+"//"+tokenMark, state),
			post("/v1/pbx/../pbx/"+macMark+"/"+tokenMark, state),
			post("/v1/pbx/%2e%2e/pbx/"+macMark+"/"+tokenMark, state),
			post("/v1/pbx/"+macMark+"%2f%2f"+tokenMark, state), post(ownPath+"%2f", state),
			post("/V1/PBX/"+macMark+"/"+tokenMark, state), post("/v1/pbx/"+macMark+"/../../../../etc/passwd",
				state), post("/v1\\pbx\\"+macMark+"\\"+tokenMark, state),
			"OPTIONS *"+headers+"\r\n", "CONNECT pbx:443"+headers+"\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		)},
		{"an invalid MAC: `..`, digits of other scripts, a NUL or a line end in it", 401, title(ingest.Unauthorised), Nothing, wires(
			post("/v1/pbx/../"+tokenMark, state), post("/v1/pbx/%2e%2e/"+tokenMark, state),
			post("/v1/pbx/%00/"+tokenMark, state),
			post("/v1/pbx/"+macMark+"%00/"+tokenMark, state), post("/v1/pbx/"+macMark+"0/"+tokenMark, state),
			post("/v1/pbx/0x"+macMark+"/"+tokenMark, state),
			post("/v1/pbx/%D9%A0%D9%A2%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A1/"+tokenMark, state),
			post("/v1/pbx/%EF%BC%90%EF%BC%92%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%91/"+tokenMark, state),
			post("/v1/pbx/%0d%0alevel=ERROR%20msg="+forged+"/"+tokenMark, state),
			post("/v1/pbx/%22,%22"+forged+"%22:%221/"+tokenMark, state),
			post("/v1/pbx/"+strings.Repeat("0", 10<<10)+"/"+tokenMark, state),
		)},
		{"an invalid token: another PBX's, one in capitals, with a byte more, a zero before its generation, or in a header", 401, title(ingest.Unauthorised), Nothing, wires(
			post("/v1/pbx/"+macMark+"/"+strings.ToUpper(tokenMark), state), post(ownPath+"a", state),
			post(ownPath+"%00", state), post(ownPath+"%20", state),
			post(ownPath+"%0d%0aX:"+forged, state), post("/v1/pbx/"+macMark+"/%20"+tokenMark, state),
			post("/v1/pbx/"+macMark+"/.", state), post("/v1/pbx/"+macMark+"/..", state),
			post("/v1/pbx/"+macMark+"/k1-01"+codeMark, state), post("/v1/pbx/"+macMark+"/k1-+1"+codeMark,
				state), post("/v1/pbx/"+macMark+"/k1-0"+codeMark, state),
			post("/v1/pbx/"+macMark+"/k1-2"+codeMark, state), post("/v1/pbx/"+macMark+"/k1-%D9%A1"+codeMark,
				state), post("/v1/pbx/"+macMark+"/k1-4294967297"+codeMark, state),
			post("/v1/pbx/"+macMark+"/k2-1"+codeMark, state), post("/v1/pbx/"+macMark+"/signing-1"+codeMark,
				state), post("/v1/pbx/"+macMark+"/-1"+codeMark, state),
			post("/v1/pbx/"+macMark+"/k1-1-", state), post("/v1/pbx/"+macMark+"/k1-1-"+strings.Repeat("a", 26),
				state), post("/v1/pbx/"+macMark+"/"+strings.Repeat("-", 10<<10), state),
			post("/v1/pbx/"+macMark+"/none?token="+tokenMark, state), post("/v1/pbx/"+macMark+"/none", state,
				"Authorization: Bearer "+tokenMark),
			post("/v1/pbx/0200000000fe/"+tokenMark, state),
		)},
		{"the PBX's own URL in another spelling: percent signs, the MAC in capitals, a query behind it", 200, stored, Both, wires(
			post("/v1/pbx/"+strings.ToUpper(macMark)+"/"+tokenMark, state),
			post("/v1/pbx/02%3A0"+tailMark+"/"+tokenMark, state),
			post("/v1/pbx%2f"+macMark+"%2F"+tokenMark, state), post(ownPath+"?mac=68692e0b00ff&x=%zz", state),
			post("http://elsewhere.example"+ownPath, state),
		)},
		{"a length and chunks: the chunks count", 200, stored, Both, wires(
			chunked(ownPath, "39\r\n"+state+"\r\n0\r\n\r\n", "Content-Length: 3"), chunked(ownPath,
				"39\r\n"+state+"\r\n0\r\n\r\n", "Content-Length: 300"),
		)},
		{"headers that say who sent it and what it is: they are not asked", 200, stored, Both, wires(
			post(ownPath, state, "X-Forwarded-For: 203.0.113.66, "+forged,
				`User-Agent: x" level=ERROR msg=`+forged, `Referer: {"`+forged+`":1}`, "Forwarded: for="+forged),
			post(ownPath, state, "Content-Type: text/xml; charset=utf-7", "Content-Encoding: utf-8, identity",
				"Accept: application/"+forged, "Cookie: "+forged+"=1"),
			post(ownPath, state, "X: \xff\xfe\u009b31m"+forged),
		)},
	}
}

// forged is in whatever would be a line, a member or a header of the attacker's own.
const forged = "forged"

// stored is the answer to one event that is recorded.
const stored = `{"stored":1}`

// payloads are bodies from a URL that is good.
func payloads() []Bad {
	undecodable := title(ingest.Undecodable)
	deep := strings.Repeat("[", 100_000)
	return []Bad{
		{"a body over 1 MiB", 413, title(ingest.TooLarge), Nothing, bodies(
			state+strings.Repeat(" ", 1<<20), strings.Repeat("{", 2<<20),
		)},
		{"a bomb: what is over 1 MiB once its coding is taken off", 413, title(ingest.TooLarge), Nothing, []Attempt{
			coded("gzip", zipped(state+strings.Repeat(" ", 1<<20))), coded("deflate", deflated(state+strings.Repeat(" ", 1<<20))),
			coded("gzip", zipped(strings.Repeat("[", 8<<20))), coded("gzip", strings.Repeat(zipped(strings.Repeat(" ", 1<<19)), 9)),
		}},
		{"a coding that is damaged, or another than its header names", 400, undecodable, Quarantine, []Attempt{
			coded("gzip", zipped(state)[:40]), coded("gzip", zipped(state)+"\x00"), coded("gzip", strings.Repeat("\x1f\x8b\x08", 1<<18)),
			coded("gzip", state), coded("gzip", ""), coded("deflate", zipped(state)), coded("deflate", state),
			coded("deflate", deflated(state)[:20]), coded("gzip", zipped(zipped(state))),
		}},
		{"a coding that is not read: `br`, `zstd`, `compress`, two at once, a made-up one", 415, title(ingest.UnknownCoding), Quarantine, []Attempt{
			coded("br", "\x0b\x1c\x80"+state+"\x03"), coded("zstd", "\x28\xb5\x2f\xfd\x20\x39\xc9\x01\x00"+state), coded("compress", "\x1f\x9d\x90"),
			coded("gzip, gzip", zipped(zipped(state))), coded("br", state), coded(forged, state), coded("gzip;q=1", zipped(state)),
			coded("gzip\" level=ERROR msg="+forged, state), coded(strings.Repeat("x", 8<<10), state),
			{Name: "in two headers", Wire: post(ownPath, zipped(zipped(state)), "Content-Encoding: gzip", "Content-Encoding: gzip")},
		}},
		{"over 1,000 events", 413, title(ingest.TooLarge), Nothing, bodies(
			"["+strings.Repeat("{},", 1001)+"]", "["+strings.Repeat(state+",", 1001)+"]",
			"["+strings.Repeat("0,", 300_000),
		)},
		{"values nested over 16 deep", 400, "nested over 16 deep", Quarantine, bodies(
			deep, with("a:"+deep), with("a:"+deep+strings.Repeat("]", 100_000)), with("a:"+strings.Repeat("{a:",
				200_000)), with("a:"+strings.Repeat("[{b:", 17)),
		)},
		{"over 100 members", 400, "an event has at most 100 members", Quarantine, bodies(
			with(strings.Repeat("a:1,", 101)), with(strings.Repeat("a:1,", 250_000)), with(many(100_000)),
		)},
		{"an event over 32 KiB: a long string, number, name or comment", 400, "an event is at most 32 KiB long", Quarantine, bodies(
			with("a:'"+strings.Repeat("x", 1<<19)+"'"), with("a:"+strings.Repeat("9", 1<<19)),
			with(strings.Repeat("n", 1<<19)+":1"),
			with("/*"+strings.Repeat("*", 1<<19)+"*/a:1"), with("a:["+strings.Repeat("0,", 1<<18)+"]"),
			with("a:'"+strings.Repeat(`\u0000`, 1<<16)+"'"),
		)},
		{"a known member that can't be so, and is unknown then: `1e999999999`, 10,000 digits, a list", 200, stored, Both, bodies(
			with("status:1e999999999"), with("status:"+strings.Repeat("9", 10_000)),
			with("status:-99999999999999999999"), with("status:'0x10'"), with("status:[1]"), with("status:{}"),
			with("status:'"+forged+`\r\n\u001b[2J`+"'"), with("status:'\",\""+forged+"\":1'"),
		)},
		{"a start before 1970, or from 2100 on, such as `9999-12-31`", 400, undecodable, Quarantine, bodies(
			startsAt("9999-12-31 12:00:00"), startsAt("0001-01-01 00:00:00"), startsAt("1969-12-31 23:59:59"), startsAt("2100-01-01 00:00:00"),
			startsAt("2100-01-01T00:00:00Z"), startsAt("1970-01-01T00:00:00+00:01"), startsAt("10000-01-01 00:00:00"),
		)},
		{"the first and the last second that a start may be, and a call that ends years later", 200, stored, Both, bodies(
			startsAt("1970-01-01 00:00:00"), startsAt("2099-12-31 23:59:59"), startsAt("1970-01-01T00:00:00Z"),
			startsAt("2018-11-05 19:05:31', endTime:'2099-12-31 23:59:59"),
		)},
		{"calls of ten past days at once: each makes up to 4 days due, of which a PBX has 400 computed in an hour", 200, `{"stored":10}`, Both, bodies(
			pastDays(10),
		)},
		{"a call, a queue, an agent, a cause or a menu whose name has 30,000 characters", 200, stored, Both, bodies(
			startsAt("2018-11-05 19:05:31', agentCode:'"+long), startsAt("2018-11-05 19:05:31', queueCode:'"+long),
			startsAt("2018-11-05 19:05:31', missCause:'"+long), startsAt("2018-11-05 19:05:31', cdrState:'"+long),
			strings.Replace(startsAt("2018-11-05 19:05:31"), "'x'", "'"+long+"'", 1),
			"{event:'ivr', uuid:'x', ivrId:'610', key:'"+long+"', startTime:'2018-11-05 19:05:31'}",
		)},
		{"what is neither JSON, a literal nor a form: a million commas, no end, `NaN`, code, XML, gzip, UTF-16, NULs", 400, undecodable, Quarantine, bodies(
			"", " ", "{", "}", "{,}", "{"+strings.Repeat(",", 1<<20-1), "["+strings.Repeat(",", 1<<20-1), "[]",
			"0", "null", "'text'", strings.Repeat("/", 1<<19), strings.Repeat("/**/", 1<<18),
			"/*"+strings.Repeat("x", 1<<19),
			with("a:NaN"), with("a:Infinity"), with("a:0x10"), with("a:1_000"), with("a:undefined"),
			with("a:alert(1)"), with("a:`x`"), with("a:/x/"), with("a:1+1"), with("a:function(){}"),
			with("...a"), with("[a]:1"),
			with("a:'"), with(`a:'\u12'`), with("a:'x\ny'"), state+state, with(forged+":"+forged),
			forged+"=%"+forged, with("event:"+forged),
			"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x4a\x2d\x4b\xcd\x2b\x51\xb2\x52",
			"\xff\xfe{\x00}\x00", "\xfe\xff\x00{\x00}", "\x00"+state, with("\x00a:1"),
			strings.Repeat("\x00", 1<<16), "<?xml version='1.0'?><event/>",
			strings.Repeat("a=1&", 1<<18-1), "%", "a=%zz", strings.Repeat("%7B", 1<<18), post("/v1/pbx/x/y", state),
		)},
		{"a body that names another MAC", 422, title(ingest.Mismatch), Quarantine, bodies(
			with("mac:'68692e0b00ff'"), with("mac:'68-69-2E-0B-00-FF'"),
		)},
		{"an unknown kind of event, such as `../../raw`", 202, `"unrecognised":1`, Archive, bodies(
			"{event:'../../raw'}", `{event:'x\u0000\r\n`+forged+`'}`, "{event:'"+strings.Repeat("x",
				30_000)+"'}", "{event:'cc_cdr2'}", "{event:'__proto__'}",
		)},
		{"a member that stands there twice: the later counts", 200, stored, Both, bodies(
			"{event:'hangup', event:'extensionstatus', exten:'1', exten:'808'}",
			`{"exten":"1","event":"extensionstatus","exten":"808"}`,
		)},
		{"gzip and deflate, as their header says", 200, stored, Both, []Attempt{
			coded("gzip", zipped(state)), coded("x-gzip", zipped(state)), coded(" GZip ,identity", zipped(state)), coded("gzip", zipped("")+zipped(state)),
			coded("deflate", deflated(state)), coded("deflate", bare(state)), coded("identity", state),
			coded("gzip", zipped(state+strings.Repeat(" ", 1<<20-len(state)))),
		}},
		{"bytes that are not UTF-8, a byte-order mark", 200, stored, Both, bodies(
			"\xef\xbb\xbf"+state, with("a:'\xff\xfe\x80'"), with("statusText:'\xed\xa0\x80'"),
			with("a:'\xc0\xaf'"), with("a:'\xb9\xa4'"),
		)},
		{"strings that would steer a terminal, end a line of the log, forge a member of it, or make a key too long", 200, stored, Both, append(bodies(texts()...),
			bodies("{event:'cc_cdr', uuid:'../../../x#%2f\x1b[2J\\r\\n', queueCode:'\x1b]0;"+forged+"\x07', startTime:'2018-11-05 19:05:31', caller:'\\u202e\\u0000', agent:'a\\tb'}")...)},
		{"blanks and comments around an event, half a MiB of them", 200, stored, Both, bodies(
			"/*"+strings.Repeat("*", 1<<19)+"*/"+state, strings.Repeat("//\n", 1<<18-100)+state,
			strings.Repeat(" ", 1<<19)+state,
		)},
		{"unknown members: `__proto__`, `$where`, a number of 1,000 digits", 200, stored, Both, bodies(
			with("__proto__:{admin:true}"), with("constructor:{prototype:{}}"), with("$where:'1'"),
			with("'a.b':1, '':2"), with("a:"+strings.Repeat("9", 1000)), with("a:1e999999999"), with("a:-0.0"),
			with("a:"+strings.Repeat("[", 15)+strings.Repeat("]", 15)),
		)},
	}
}

// startsAt is a call that starts at a time.
func startsAt(start string) string {
	return "{event:'cc_cdr', uuid:'x', startTime:'" + start + "'}"
}

// long is a name that is too long for a key.
var long = strings.Repeat("n", 30_000)

// pastDays are calls of so many past days, each three days before the other.
func pastDays(n int) string {
	var all strings.Builder
	for i := range n {
		day := time.Date(2018, 11, 5-3*i, 0, 0, 0, 0, time.UTC)
		all.WriteString(startsAt(day.Format(time.DateOnly)+" 02:00:00") + ",")
	}
	return "[" + all.String() + "]"
}

// texts are states of extensions whose every text is an attack.
func texts() []string {
	var all []string
	for _, attack := range []string{
		`\r\ntime=2026-01-01T00:00:00Z level=ERROR msg=` + forged, `\u001b[2J\u001b]0;` + forged + `\u0007`,
		`\u009b31m\u0085`, `\u202e\u2066` + forged, `\u0000\u0008\u007f`,
		`","` + forged + `":{"_aws":{}},"`, `"}\n{"_aws":{"` + forged + `":1}}\n`, "\x1b[31m" + forged + "\x9b",
		`\t` + forged + `\t`, `\u2028\u2029`, `=cmd|' /C calc'!A0`, `<script>` + forged + `</script>`, `\ud800`,
	} {
		attack = strings.ReplaceAll(attack, "'", `\'`)
		all = append(all,
			"{event:'extensionstatus', exten:'8"+attack+"', statusText:'"+attack+"', hint:'"+attack+"', '"+attack+"':'"+attack+"'}")
	}
	for _, longest := range []string{"\x01", "<", "\u2028", "%", "#", "\U0001F4A9"} {
		text := strings.Repeat(longest, 15_000/len(longest))
		all = append(all,
			"{event:'extensionstatus', exten:'"+text+"', x:'"+text+"'}",
			"{event:'cc_cdr', uuid:'"+text+"', queueCode:'"+text+"', startTime:'2018-11-05 19:05:31'}",
			"{event:'cdr', uniqueid:'"+text+"', destination:'"+text+"', starttime:'2018-11-05 19:05:31'}",
			"{event:'ivr', uuid:'"+text+"', ivrId:'"+text+"', startTime:'2018-11-05 19:05:31'}",
			"{event:'dialbegin', uniqueid:'"+text+"', destuniqueid:'"+text+"'}",
			"{event:'hangup', uniqueid:'"+text+"', '"+text+"':1}",
		)
	}
	return all
}

// many are members of different names.
func many(n int) string {
	var s strings.Builder
	for i := range n {
		s.WriteString("a")
		s.WriteString(strconv.Itoa(i))
		s.WriteString(":1,")
	}
	return s.String()
}
