package elastic

import (
	"net/http"
	"strings"
)

// keptNothing tells the person behind a client what became of its set-up.
const keptNothing = `299 Tocsin "accepted and not kept: Tocsin needs no templates, policies, pipelines or indices"`

// The documents that clients read before they send. Uuids are fixed: there is
// one Tocsin behind an address.
var (
	versionDocument = map[string]any{
		"name": "tocsin", "cluster_name": "tocsin", "cluster_uuid": "dG9jc2luLXNvYy10b2Nzaw",
		"version": map[string]any{
			"number": Version, "build_flavor": "default", "build_type": "docker", "build_hash": "0000000000000000000000000000000000000000",
			"build_date": "2026-01-01T00:00:00.000000000Z", "build_snapshot": false, "lucene_version": "9.12.2",
			"minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0",
		},
		"tagline": "You Know, for Search",
	}
	licenseDocument = map[string]any{"license": map[string]any{
		"status": "active", "uid": "00000000-0000-0000-0000-000000000000", "type": "basic", "mode": "basic", "issue_date": "2026-01-01T00:00:00.000Z",
		"issue_date_in_millis": 1767225600000, "max_nodes": 1000, "issued_to": "tocsin", "issuer": "tocsin", "start_date_in_millis": -1,
	}}
	healthDocument = map[string]any{
		"cluster_name": "tocsin", "status": "green", "timed_out": false, "number_of_nodes": 1, "number_of_data_nodes": 1,
		"active_primary_shards": 1, "active_shards": 1, "relocating_shards": 0, "initializing_shards": 0, "unassigned_shards": 0,
		"delayed_unassigned_shards": 0, "number_of_pending_tasks": 0, "number_of_in_flight_fetch": 0,
		"task_max_waiting_in_queue_millis": 0, "active_shards_percent_as_number": 100.0,
	}
	xpackDocument = map[string]any{
		"build":   map[string]any{"hash": "0000000000000000000000000000000000000000", "date": "2026-01-01T00:00:00.000Z"},
		"license": map[string]any{"uid": "00000000-0000-0000-0000-000000000000", "type": "basic", "mode": "basic", "status": "active"},
		"features": map[string]any{
			"ilm": map[string]bool{"available": true, "enabled": true}, "data_streams": map[string]bool{"available": true, "enabled": true},
			"security": map[string]bool{"available": true, "enabled": true},
		},
	}
)

// setUp answers what is asked at names that begin with an underscore, and the
// root.
func (d *door) setUp(w http.ResponseWriter, r *http.Request, parts []string) {
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	kind := parts[0]
	if len(parts) > 1 && (kind == "_ilm" || kind == "_ingest" || kind == "_nodes" || kind == "_cluster" || kind == "_cat" || kind == "_security") {
		kind += "/" + parts[1]
	}
	name := strings.Join(parts[1:], "/")
	switch {
	case kind == "" && read:
		d.send(w, http.StatusOK, versionDocument)
	case kind == "_license" && read:
		d.send(w, http.StatusOK, licenseDocument)
	case kind == "_xpack" && read:
		d.send(w, http.StatusOK, xpackDocument)
	case kind == "_cluster/health" && read:
		d.send(w, http.StatusOK, healthDocument)
	case strings.HasPrefix(kind, "_nodes") && read:
		d.send(w, http.StatusOK, nodes(r.Host, parts[len(parts)-1] == "ingest"))
	case kind == "_security/_authenticate" && read:
		d.send(w, http.StatusOK, map[string]any{"username": "tocsin", "roles": []string{}, "enabled": true, "authentication_type": "token"})
	case strings.HasPrefix(kind, "_cat/") && read:
		w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
		w.WriteHeader(http.StatusOK) // an empty list
	case kind == "_refresh", kind == "_flush":
		d.send(w, http.StatusOK, map[string]any{"_shards": shards{1, 1, 0}})
	case setUpKinds[kind]:
		d.object(w, r, kind, name)
	case kind == "_search", kind == "_msearch", kind == "_count":
		d.noSearch(w)
	default:
		d.noHandler(w, r)
	}
}

// setUpKinds are the things clients look for, and set up if they are not there.
var setUpKinds = map[string]bool{
	"_ilm/policy": true, "_ingest/pipeline": true, "_index_template": true, "_template": true, "_component_template": true,
	"_data_stream": true, "_alias": true, "_aliases": true,
}

// object answers about a template, policy, pipeline …: there is none, and one
// that is put is not kept.
func (d *door) object(w http.ResponseWriter, r *http.Request, kind, name string) {
	switch r.Method {
	case http.MethodPut, http.MethodPost:
		w.Header().Set("Warning", keptNothing)
		d.send(w, http.StatusOK, map[string]bool{"acknowledged": true})
	case http.MethodGet, http.MethodHead:
		if name == "" || kind == "_ilm/policy" && name == "policy" || kind == "_ingest/pipeline" && name == "pipeline" {
			d.send(w, http.StatusOK, struct{}{}) // all of them: none
			return
		}
		d.fail(w, http.StatusNotFound, "resource_not_found_exception", strings.TrimPrefix(kind, "_")+" ["+name+"] not found")
	default:
		d.fail(w, http.StatusNotFound, "resource_not_found_exception", strings.TrimPrefix(kind, "_")+" ["+name+"] not found")
	}
}

// processors are those of Elasticsearch 8.19's ingest pipelines
// (https://www.elastic.co/docs/reference/enrich-processor). Filebeat's modules
// send nothing at all to a cluster that lacks one they name.
const processors = "append attachment bytes circle community_id convert csv date date_index_name dissect dot_expander drop enrich fail " +
	"fingerprint foreach geo_grid geoip grok gsub html_strip inference ip_location join json kv lowercase network_direction pipeline " +
	"redact registered_domain remove rename reroute script set set_security_user sort split terminate trim uppercase uri_parts urldecode user_agent"

// nodes tells sniffing clients that there is one node: the one they asked. With
// ingest, also which processors pipelines may name: they are accepted like the
// pipelines and not run.
func nodes(host string, ingest bool) any {
	node := map[string]any{
		"name": "tocsin", "version": Version, "build_flavor": "default", "roles": []string{"data", "ingest", "master"},
		"http": map[string]any{"bound_address": []string{host}, "publish_address": host, "max_content_length_in_bytes": 64 << 20},
	}
	if ingest {
		var list []map[string]string
		for name := range strings.FieldsSeq(processors) {
			list = append(list, map[string]string{"type": name})
		}
		node["ingest"] = map[string]any{"processors": list}
	}
	return map[string]any{"_nodes": shards{1, 1, 0}, "cluster_name": "tocsin", "nodes": map[string]any{"tocsin": node}}
}

// index answers about an index: there is none, and one that is put is not kept.
func (d *door) index(w http.ResponseWriter, r *http.Request, parts []string) {
	last := parts[len(parts)-1]
	switch {
	case last == "_search" || last == "_count" || last == "_msearch":
		d.noSearch(w)
	case last == "_refresh" || last == "_flush":
		d.send(w, http.StatusOK, map[string]any{"_shards": shards{1, 1, 0}})
	case len(parts) == 1 && r.Method == http.MethodPut:
		w.Header().Set("Warning", keptNothing)
		d.send(w, http.StatusOK, map[string]any{"acknowledged": true, "shards_acknowledged": true, "index": parts[0]})
	case (len(parts) == 1 || parts[1] == "_settings" || parts[1] == "_mapping" || parts[1] == "_alias") && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		d.fail(w, http.StatusNotFound, "index_not_found_exception", "no such index ["+parts[0]+"]")
	default:
		d.noHandler(w, r)
	}
}

func (d *door) noSearch(w http.ResponseWriter) {
	d.fail(w, http.StatusBadRequest, "illegal_argument_exception", "Tocsin takes documents in here and answers no searches. Query with KQL: POST /api/v1/query.")
}
