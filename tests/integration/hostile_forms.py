"""The table of hostile requests: what a client sends, and what it must be answered.

A row is (name, bytes, status, reaches): reaches tells how many requests a backend may see of it. Where a request is
refused the connection is closed behind the reply and nothing reaches any backend. Sources: RFC 9110, RFC 9112, and
the forms that are known to make two parsers disagree.
"""

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def get(fields=b"", line=b"GET /x HTTP/1.1", host=b"Host: a\r\n"):
    return line + b"\r\n" + host + fields + b"\r\n"


def post(fields, body=b""):
    return get(fields, b"POST /x HTTP/1.1") + body


def chunked(body, fields=b""):
    return post(b"Transfer-Encoding: chunked\r\n" + fields, body)


LENGTHS = [b"+5", b"-5", b"-0", b"5 5", b"5,5", b"5, 5", b"0x5", b"5a", b"", b"\x0b5", b"5;a", b"5.0", b"1e1", b"\"5\"",
           b"99999999999999999999", b"18446744073709551621", b"9223372036854775808"]
CODINGS = [b"xchunked", b"chunked, chunked", b"identity", b"chunked, gzip", b"chunked;a=b", b"\"chunked\"", b"chunked,",
           b", chunked", b"", b"chun ked", b"\x0bchunked", b"deflate", b"gzip chunked", b"chunked, gzip, chunked", b"chunked\t, x"]
UNKNOWN_CODINGS = [b"gzip, chunked", b"x,y , Chunked"]
SIZES = [b"0x5", b"+5", b"-5", b"5 junk", b"", b" 5", b"5\t", b"g", b"ffffffffffffffffff", b"5\r", b"\x005"]
TARGETS = [b"x", b"/a b", b"/a\tb", b"", b"/a\x00b", b"/a\x7fb", b"/a#b", b"*", b"http://", b"//", b"/%", b"/%zz", b"/%00"]
HOSTS = [b"a b", b"a/b", b"a@b", b"a:b:c", b"a:99999999", b"a\tb", b"[::1", b"a#", b"a?", b"a,b", b"\"a\""]
NAMES = [b"", b" X", b"X ", b"X Y", b"X\t", b"X\x00", b"X(", b"X\xc3\xa9", b"X\x01", b"\"X\"", b"X/", b"X@", b"X[", b"X{"]

FORMS = []


def add(name, data, status, reaches=0):
    FORMS.append((name, data, status, reaches))


def add_each(name, values, make, status):
    for value in values:
        add(f"{name} {value!r}", make(value), status)


# --- framing: how long is the body? ---------------------------------------------------------------------------------
add_each("Content-Length", LENGTHS, lambda v: post(b"Content-Length: " + v + b"\r\n", b"12345" + SMUGGLED), 400)
add("Content-Length twice, same", post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"12345"), 400)
add("Content-Length twice, different", post(b"Content-Length: 5\r\nContent-Length: 0\r\n", b"12345"), 400)
add("Content-Length twice, case", post(b"Content-Length: 0\r\ncontent-length: 40\r\n", SMUGGLED), 400)
add_each("Transfer-Encoding", CODINGS, lambda v: post(b"Transfer-Encoding: " + v + b"\r\n", b"0\r\n\r\n"), 400)
add_each("Transfer-Encoding", UNKNOWN_CODINGS, lambda v: post(b"Transfer-Encoding: " + v + b"\r\n", b"0\r\n\r\n"), 501)
add("Transfer-Encoding twice", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), 400)
add("Transfer-Encoding empty, then chunked", post(b"Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), 400)
add("both, length first", post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + SMUGGLED), 400)
add("both, coding first", post(b"Transfer-Encoding: chunked\r\nContent-Length: 40\r\n", b"0\r\n\r\n" + SMUGGLED), 400)
add("both, obscured by case", post(b"tRANSFER-eNCODING: CHUNKED\r\nContent-Length: 4\r\n", b"0\r\n\r\n"), 400)
add("space before the colon of Content-Length", post(b"Content-Length : 5\r\n", b"12345"), 400)
add("space before the colon of Transfer-Encoding", post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"), 400)
add("tab before the colon of Transfer-Encoding", post(b"Transfer-Encoding\t: chunked\r\n", b"0\r\n\r\n"), 400)
add("folded Transfer-Encoding", post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n"), 400)
add("folded Content-Length", post(b"Content-Length:\r\n 40\r\n", SMUGGLED), 400)
add("Transfer-Encoding in HTTP/1.0", get(b"Transfer-Encoding: chunked\r\n", b"POST /x HTTP/1.0") + b"0\r\n\r\n", 400)
add("underscore for the hyphen", post(b"Content_Length: 5\r\n"), 200, 1)
add("GET with a body", get(b"Content-Length: 5\r\n") + b"12345", 200, 1)
add("HEAD with a body", get(b"Content-Length: 5\r\n", b"HEAD /x HTTP/1.1") + b"12345", 400)
add("HEAD with a chunked body", get(b"Transfer-Encoding: chunked\r\n", b"HEAD /x HTTP/1.1") + b"0\r\n\r\n", 400)
add("TRACE with a body", get(b"Content-Length: 5\r\n", b"TRACE /x HTTP/1.1") + b"12345", 400)
add("Content-Length over the limit", post(b"Content-Length: 16777217\r\n"), 413)
add("Connection names Content-Length", post(b"Connection: Content-Length\r\nContent-Length: 5\r\n", b"12345"), 200, 1)
add("Connection names Host", get(b"Connection: Host\r\n"), 200, 1)

# --- chunks ---------------------------------------------------------------------------------------------------------
add_each("chunk size", SIZES, lambda v: chunked(v + b"\r\n12345\r\n0\r\n\r\n"), 400)
add("chunk without its CRLF", chunked(b"5\r\n123450\r\n\r\n"), 400)
add("chunk longer than said", chunked(b"5\r\n123456\r\n0\r\n\r\n"), 400)
add("chunk size ends in LF", chunked(b"5\n12345\r\n0\r\n\r\n"), 400)
add("chunk ends in LF", chunked(b"5\r\n12345\n0\r\n\r\n"), 400)
add("chunk extension with LF", chunked(b"5;a\n\r\n12345\r\n0\r\n\r\n"), 400)
add("last chunk ends in LF", chunked(b"5\r\n12345\r\n0\n\n"), 400)
add("chunk extension", chunked(b"5;a=b\r\n12345\r\n0\r\n\r\n"), 200, 1)
add("endless chunk extension", chunked(b"5;" + b"a" * 100000 + b"\r\n12345\r\n0\r\n\r\n"), (400, 413, 431))
add("trailer", chunked(b"5\r\n12345\r\n0\r\nX-T: 1\r\n\r\n"), 200, 1)
add("trailer that is no field", chunked(b"5\r\n12345\r\n0\r\nGET /smuggled HTTP/1.1\r\n\r\n"), 400)
add("trailer Content-Length", chunked(b"5\r\n12345\r\n0\r\nContent-Length: 40\r\n\r\n"), 200, 1)
add("endless trailers", chunked(b"0\r\n" + b"X: 1\r\n" * 20000 + b"\r\n"), (400, 413, 431))
add("many chunk extensions", chunked(b"1;" + b"a" * 64 + b"\r\nx\r\n", b"") + (b"1;" + b"a" * 64 + b"\r\nx\r\n") * 300 + b"0\r\n\r\n",
    400)
add("many leading zeros of the size", chunked(b"0" * 40 + b"5\r\n12345\r\n" + b"0" * 40 + b"\r\n\r\n"), 200, 1)
add("endless leading zeros of the size", chunked(b"0" * 100000 + b"5\r\n12345\r\n0\r\n\r\n"), 400)
add("leading zeros of the size", chunked(b"0005\r\n12345\r\n0\r\n\r\n"), 200, 1)
add("capital hex size", chunked(b"A\r\n1234567890\r\n0\r\n\r\n"), 200, 1)

# --- request line ---------------------------------------------------------------------------------------------------
add_each("target", TARGETS, lambda v: get(line=b"GET " + v + b" HTTP/1.1"), (200, 400))
add("two spaces", get(line=b"GET  /x HTTP/1.1"), 400)
add("space at the end", get(line=b"GET /x HTTP/1.1 "), 400)
add("space at the start", get(line=b" GET /x HTTP/1.1"), 400)
add("tab between", get(line=b"GET\t/x\tHTTP/1.1"), 400)
add("no version", get(line=b"GET /x"), (400, 505))
add("version twice", get(line=b"GET /x HTTP/1.1 HTTP/1.1"), 400)
add("version HTTP/0.9", get(line=b"GET /x HTTP/0.9"), 505)
add("version HTTP/1.7", get(line=b"GET /x HTTP/1.7"), 200, 1)
add("version HTTP/1.9 without Host", get(line=b"GET /x HTTP/1.9", host=b""), 400)
add("version HTTP/2.0", get(line=b"GET /x HTTP/2.0"), 505)
add("version HTTP/3.1", get(line=b"GET /x HTTP/3.1"), 505)
add("version HTTP/1.10", get(line=b"GET /x HTTP/1.10"), 400)
add("version http/1.1", get(line=b"GET /x http/1.1"), (400, 505))
add("version HTTP/1,1", get(line=b"GET /x HTTP/1,1"), (400, 505))
add("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505))
add("method with a parenthesis", get(line=b"G(T /x HTTP/1.1"), 400)
add("method in lower case", get(line=b"get /x HTTP/1.1"), (200, 400, 501))
add("method unknown", get(line=b"PROPFIND /x HTTP/1.1"), (200, 405, 501))
add("method empty", get(line=b" /x HTTP/1.1"), 400)
add("method NUL", get(line=b"GE\x00T /x HTTP/1.1"), 400)
add("CONNECT", get(line=b"CONNECT a:80 HTTP/1.1"), (400, 405, 501))
add("* with GET", get(line=b"GET * HTTP/1.1"), 400)
add("OPTIONS *", get(line=b"OPTIONS * HTTP/1.1"), 204)
add("long target", get(line=b"GET /" + b"a" * 20000 + b" HTTP/1.1"), 414)
add("blank lines before", b"\r\n\r\n" + get(), 200, 1)

# --- fields ---------------------------------------------------------------------------------------------------------
add_each("field name", NAMES, lambda v: get(v + b": 1\r\n"), 400)
add("no colon", get(b"X\r\n"), 400)
add("folded value", get(b"X: 1\r\n 2\r\n"), 400)
add("fold before any field", b"GET /x HTTP/1.1\r\n X: 1\r\nHost: a\r\n\r\n", 400)
add("NUL in a value", get(b"X: 1\x002\r\n"), 400)
add("bare CR in a value", get(b"X: 1\r2\r\n"), 400)
add("bare CR smuggles a field", get(b"X: 1\rContent-Length: 5\r\n"), 400)
add("bare LF in a value", get(b"X: 1\n2: 3\r\n"), 400)
add("DEL in a value", get(b"X: 1\x7f\r\n"), 400)
add("control character in a value", get(b"X: \x01\r\n"), 400)
add("line ends in LF", b"GET /x HTTP/1.1\nHost: a\n\n", 400)
add("last line end is LF", b"GET /x HTTP/1.1\r\nHost: a\r\n\n", 400)
add("CR CR LF", b"GET /x HTTP/1.1\r\r\nHost: a\r\n\r\n", 400)
add("too many fields", get(b"".join(b"X%d: 1\r\n" % i for i in range(1000))), 431)
add("huge field", get(b"X: " + b"a" * 20000 + b"\r\n"), 431)
add("huge name", get(b"X" * 20000 + b": 1\r\n"), 431)
add("head that never ends", b"GET /x HTTP/1.1\r\n" + b"X: 1\r\n" * 10000, 431)
add("high bytes in a value", get(b"X: \xff\xfe\r\n"), 200, 1)
add("empty value", get(b"X:\r\n"), 200, 1)

# --- Host -----------------------------------------------------------------------------------------------------------
add("no Host", get(host=b""), 400)
add("two Hosts", get(host=b"Host: a\r\nHost: b\r\n"), 400)
add("two equal Hosts", get(host=b"Host: a\r\nHost: a\r\n"), 400)
add("Host with a space before the colon", get(host=b"Host : a\r\n"), 400)
add_each("Host", HOSTS, lambda v: get(host=b"Host: " + v + b"\r\n"), 400)
add("no Host in HTTP/1.0", get(line=b"GET /x HTTP/1.0", host=b""), 200, 1)
add("an empty Host", get(host=b"Host:\r\n"), 200, 1)
add("user information in an absolute target", get(line=b"GET http://user@a/x HTTP/1.1"), 400)
add("fragment in an absolute target", get(line=b"GET http://a/x#y HTTP/1.1"), 400)

# --- Expect, Upgrade, Connection ------------------------------------------------------------------------------------
add("Expect of another kind", post(b"Expect: a-miracle\r\nContent-Length: 0\r\n"), 417)
add("h2c upgrade", get(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
    (200, 400), 1)
add("Connection: close, then more", get(b"Connection: close\r\n") + SMUGGLED, 200, 1)
add("Connection list with close", get(b"Connection: x, close\r\n") + SMUGGLED, 200, 1)

# --- HEAD, refused: no reply to it has a body -----------------------------------------------------------------------------
REFUSED_HEADS = [
    b"HEAD /x HTTP/1.1\r\nHost : a\r\n\r\n", b"HEAD /x HTTP/1.1\r\n\r\n", b"HEAD /x HTTP/2.0\r\nHost: a\r\n\r\n",
    b"HEAD /x\x01 HTTP/1.1\r\nHost: a\r\n\r\n", b"HEAD /x HTTP/1.1\nHost: a\n\n", b"HEAD /" + b"a" * 20000, b"\r\nHEAD x",
    b"HEAD /x HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20000, b"HEAD /x HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
    b"HEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345", b"HEAD /x HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
]

# --- Max-Forwards: forms for a proxy only; who is the end of every way need not look at it -----------------------------
PROXY_FORMS = []


def add_hop(method, forwards, status, reaches=0, target=b"/x"):
    fields = b"".join(b"Max-Forwards: " + value + b"\r\n" for value in forwards)
    name = f"{method.decode()} {target.decode()}, Max-Forwards {forwards!r}"
    PROXY_FORMS.append((name, get(fields, method + b" " + target + b" HTTP/1.1"), status, reaches))


for METHOD, LAST in ((b"OPTIONS", 204), (b"TRACE", 405)):
    for ZERO in (b"0", b"000"):
        add_hop(METHOD, [ZERO], LAST)
    for FORWARDS in ([], [b"1"], [b"10"], [b"18446744073709551616"]):
        add_hop(METHOD, FORWARDS, 200, 1)
    for FORWARDS in ([b"-1"], [b"+1"], [b"1a"], [b""], [b"0x1"], [b"1, 1"], [b"1", b"1"], [b"0", b"5"]):
        add_hop(METHOD, FORWARDS, 400)
add_hop(b"GET", [b"0"], 200, 1)
add_hop(b"GET", [b"x"], 200, 1)
add_hop(b"OPTIONS", [b"5"], 204, target=b"*")
add_hop(b"OPTIONS", [], 204, target=b"http://a")
add_hop(b"OPTIONS", [], 200, 1, target=b"http://a/")
