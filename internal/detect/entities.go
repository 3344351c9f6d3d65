package detect

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/tocsin-soc/tocsin"
)

// An EntityMap says which fields of a record name which entities: the content
// file content/entities/fields.yaml. It is immutable.
type EntityMap struct{ lines []entityLine }

// entityLine makes one entity.
type entityLine struct {
	Type        tocsin.EntityType `yaml:"type"`
	Identifiers yaml.MapSlice     `yaml:"identifiers"` // identifier → field, in order
	Unless      string            `yaml:"unless"`      // not when this field is there
}

// ParseEntityMap reads the content file.
func ParseEntityMap(text []byte) (*EntityMap, error) {
	var lines []entityLine
	if err := yaml.UnmarshalWithOptions(text, &lines, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("reading the entity map: %w", err)
	}
	for i, l := range lines {
		if l.Type == "" || len(l.Identifiers) == 0 {
			return nil, fmt.Errorf("reading the entity map: line %d needs a type and identifiers", i+1)
		}
	}
	return &EntityMap{lines}, nil
}

// Entities returns the entities that the fields name, each once.
func (m *EntityMap) Entities(fields []tocsin.Field) []tocsin.Entity {
	value := func(name string) string {
		for i := range fields {
			if fields[i].Name == name {
				if v := fields[i].Value; v != "-" {
					return v
				}
				return ""
			}
		}
		return ""
	}
	var list []tocsin.Entity
	seen := map[string]bool{}
	for _, l := range m.lines {
		if l.Unless != "" && value(l.Unless) != "" {
			continue
		}
		var pairs []string
		for i, item := range l.Identifiers {
			v := value(fmt.Sprint(item.Value))
			if i == 0 && v == "" {
				pairs = nil
				break
			}
			pairs = append(pairs, identifier(fmt.Sprint(item.Key), v)...)
		}
		if len(pairs) == 0 {
			continue
		}
		e := tocsin.NewEntity(l.Type, pairs...)
		if key := e.String(); !seen[key] && len(e.Identifiers) > 0 {
			seen[key] = true
			list = append(list, e)
		}
	}
	return list
}

// identifier returns identifier and value pairs; Path is a file's directory and name.
func identifier(name, value string) []string {
	if name != "Path" {
		return []string{name, value}
	}
	i := strings.LastIndexAny(value, `\/`)
	return []string{"Name", value[i+1:], "Directory", value[:max(i, 0)]}
}
