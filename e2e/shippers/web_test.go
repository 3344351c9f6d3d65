package shippers

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// requests asks a server n times for the page below, each with a query of its
// own, as an agent whose name has quotes.
func requests(t *testing.T, client *http.Client, page string, n int) {
	t.Helper()
	for i := range n {
		r, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s?cmd=%%2e%%2e/%d", page, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("User-Agent", `sqlmap/1.7 "quoted"`)
		r.Header.Set("Referer", "https://evil.example/")
		r.SetBasicAuth("alice", "x")
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
}

// reachable waits until a server answers at all.
func reachable(t *testing.T, page string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if answer, err := http.Get(page); err == nil {
			_ = answer.Body.Close()
			return
		}
	}
	t.Fatalf("%s never answered", page)
}

// nginx runs nginx with a configuration inside of http, and returns its address.
func nginx(t *testing.T, inHTTP string) string {
	t.Helper()
	dir, address := t.TempDir(), "127.0.0.1:"+port(t, "tcp")
	temporary := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temporary += kind + "_temp_path " + filepath.Join(dir, kind) + ";\n"
	}
	file := write(t, dir, "nginx.conf", "daemon off; master_process off; pid "+dir+"/pid; error_log stderr;\nevents {}\nhttp {\n"+temporary+inHTTP+
		"server { listen "+address+"; location /ok { return 200 ok; } location / { return 404; } location /dead { proxy_pass http://127.0.0.1:9; } }\n}\n")
	background(t, installed(t, "nginx/usr/sbin/nginx", "-c", file, "-e", "stderr"))
	reachable(t, "http://"+address+"/up")
	return "http://" + address
}

// TestNginx_Syslog: nginx' own syslog over UDP, as docs/connect/web-servers.md prints it.
func TestNginx_Syslog(t *testing.T) {
	binary(t)
	udp := port(t, "udp")
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", "sources:\n  - {name: web, door: syslog, listen: ['udp://127.0.0.1:"+udp+"']}\n"))
	at := nginx(t, configuration(t, "web-servers", "/etc/nginx", "tocsin.example:514", "127.0.0.1:"+udp))
	requests(t, http.DefaultClient, at+"/ok/a.php", 50)
	requests(t, http.DefaultClient, at+"/dead", 3)
	rows := s.arrive(t, 50, `ASimWebSessionLogs | where _Source == "syslog:web" and EventProduct == "Nginx" and EventResultDetails == "200"`)
	sameRequest(t, rows[0])
	s.arrive(t, 3, `ASimWebSessionLogs | where EventResultDetails == "502" and Url startswith "/dead?cmd="`)
	s.arrive(t, 3, `NGINX_CL | where RawData has "connect() failed" and RawData has "[error]"`)
}

// TestNginx_Files: the files that nginx writes, followed.
func TestNginx_Files(t *testing.T) {
	binary(t)
	logs := t.TempDir()
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", source(t, "web-servers", "nginx", "/var/log/nginx", logs)))
	at := nginx(t, "access_log "+logs+"/access.log combined; error_log "+logs+"/error.log warn;\n")
	requests(t, http.DefaultClient, at+"/ok/a.php", 50)
	requests(t, http.DefaultClient, at+"/dead", 3)
	sameRequest(t, s.arrive(t, 50, `ASimWebSessionLogs | where _Source == "folder:nginx" and EventResultDetails == "200"`)[0])
	s.arrive(t, 3, `NGINX_CL | where RawData has "connect() failed"`)
}

// TestApache: Apache with the log format of docs/connect/web-servers.md.
func TestApache(t *testing.T) {
	binary(t)
	dir, logs, p := t.TempDir(), t.TempDir(), port(t, "tcp")
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", source(t, "web-servers", "apache", "/var/log/apache2", logs)))
	modules := below(t, "apache/usr/lib/apache2/modules")
	file := write(t, dir, "apache2.conf", fmt.Sprintf("ServerRoot %s\nServerName web-3:%s\nListen 127.0.0.1:%[2]s\nPidFile %[1]s/pid\nDefaultRuntimeDir %[1]s\nMutex file:%[1]s default\n", dir, p)+
		fmt.Sprintf("LoadModule mpm_event_module %s/mod_mpm_event.so\nLoadModule authz_core_module %[1]s/mod_authz_core.so\nLoadModule alias_module %[1]s/mod_alias.so\n", modules)+
		"User www-data\nGroup www-data\nRedirect 301 /ok/ https://new.example/\n"+configuration(t, "web-servers", "/etc/apache2", "/var/log/apache2", logs))
	background(t, installed(t, "apache/usr/sbin/apache2", "-D", "FOREGROUND", "-f", file))
	at := "http://127.0.0.1:" + p
	reachable(t, at+"/up")
	requests(t, staying(), at+"/ok/a.php", 50)
	row := s.arrive(t, 50, `ASimWebSessionLogs | where _Source == "folder:apache" and EventProduct == "HTTP Server" and EventResultDetails == "301"`)[0]
	sameRequest(t, row)
	if row["DvcHostname"] != "web-3" || fmt.Sprint(row["DstPortNumber"]) != p {
		t.Errorf("got %v", row)
	}
	s.arrive(t, 1, `ApacheHTTPServer_CL | where RawData has "resuming normal operations"`)
}

// TestSquid: Squid in front of a server, with requests allowed, refused and tunnelled.
func TestSquid(t *testing.T) {
	binary(t)
	dir, p := anybodys(t), port(t, "tcp") // Squid becomes the user proxy
	s := start(t, "--sources", write(t, t.TempDir(), "sources.yaml", source(t, "web-servers", "squid", "/var/log/squid", dir)))
	origin := nginx(t, "access_log off;\n")
	share := below(t, "squid/usr/share/squid")
	if err := os.CopyFS(filepath.Join(dir, "share"), os.DirFS(share+"-langpack/templates")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "squid"), os.DirFS(share)); err != nil {
		t.Fatal(err)
	}
	file := write(t, t.TempDir(), "squid.conf", fmt.Sprintf("http_port 127.0.0.1:%s\npid_filename none\ncache_effective_user proxy\ncache_log %s/cache.log\n", p, dir)+
		fmt.Sprintf("mime_table %s/squid/mime.conf\nicon_directory %[1]s/squid/icons\nerror_directory %[1]s/share\nunlinkd_program /bin/true\nshutdown_lifetime 0\n", dir)+
		"acl blocked dstdomain blocked.example\nhttp_access deny blocked\nhttp_access allow all\n"+configuration(t, "web-servers", "/etc/squid", "/var/log/squid", dir))
	background(t, installed(t, "squid/usr/sbin/squid", "-N", "-n", "tocsin"+p, "-f", file))
	reachable(t, "http://127.0.0.1:"+p)
	proxy := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:" + p})}}
	requests(t, proxy, origin+"/ok/a.php", 20)
	requests(t, proxy, "http://blocked.example/x", 5)
	if _, err := proxy.Get("https" + origin[len("http"):]); err == nil { // a tunnel to what speaks no TLS
		t.Error("TLS to a plain port worked")
	}
	s.arrive(t, 20, `ASimWebSessionLogs | where _Source == "folder:squid" and EventResultDetails == "200" and DvcAction == "Allow" and Url has "/ok/a.php?cmd=%2e%2e/"`)
	s.arrive(t, 5, `ASimWebSessionLogs | where DvcAction == "Deny" and HttpHost == "blocked.example"`)
	s.arrive(t, 1, `ASimWebSessionLogs | where HttpRequestMethod == "CONNECT" and DvcAction == "Allow"`)
	s.arrive(t, 26, `SquidProxy_CL | where Url_s has "cmd=" or RequstMethod_s == "CONNECT"`)
}

// anybodys is a folder that every user may write to, for programs that do not
// stay the user who starts them.
func anybodys(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tocsin-shippers-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// sameRequest checks a row against what requests asks.
func sameRequest(t *testing.T, row map[string]any) {
	t.Helper()
	for column, want := range map[string]string{"SrcIpAddr": "127.0.0.1", "HttpRequestMethod": "GET", "HttpUserAgent": `sqlmap/1.7 "quoted"`, "HttpReferrer": "https://evil.example/", "HttpVersion": "HTTP/1.1"} {
		if row[column] != want {
			t.Errorf("%s is %v, want %s", column, row[column], want)
		}
	}
	if !regexp.MustCompile(`^/ok/a\.php\?cmd=%2e%2e/\d+$`).MatchString(fmt.Sprint(row["Url"])) {
		t.Errorf("Url is %v", row["Url"])
	}
}

// staying is a client that follows no redirection.
func staying() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
