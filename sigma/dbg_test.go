package sigma
import ("testing";"github.com/tocsin-soc/tocsin/sigma/lane";"fmt")
func TestDbg(t *testing.T){
	p, _ := Compile(loadActive(t).Rules, Options{Mapping: loadMapping(t)})
	ev:=NewEvent(p.Fields()); m:=p.NewMatcher()
	recs,_:=lane.Generate(lane.ProcessCreation,1,1)
	ParseJSON(recs[0],ev)
	b:=p.routes.bucket(p.routes.key(m,ev))
	fmt.Println("members",len(b.members),"preds",len(b.preds),"always",len(b.always),"code",len(b.code), "lits", b.literals)
	for _,a:=range b.always { fmt.Println("ALWAYS",p.rules[b.members[a].rule].Title, p.rules[b.members[a].rule].Logsource) }
	show:=func(n string,fp *fieldPlan){ if fp==nil{return}; s:=n; if fp.ascii!=nil{ s+=fmt.Sprint(" ascii ",fp.nASCII," size ",fp.ascii.Size()," ",fp.ascii) }; if len(s)>150{s=s[:150]}; fmt.Println(s," wide",fp.wide!=nil, len(fp.targets)-int(fp.nASCII), "every",len(fp.every),"maybe",len(fp.maybe)) }
	for id,s:=range b.slotOf { if s>=0 { show(p.fields.Name(FieldID(id)),b.plans[s]) } }
	show("KEYWORDS",b.keywords)
	if b.keywords!=nil { for _,q:=range b.preds { if q.slot<0 {fmt.Println("  kw",q.Predicate, q.index)} } }
	tot:=0; np:=0
	for _,bb:=range p.routes.same { for _,fp:=range append(bb.plans,bb.keywords) { if fp!=nil { np++; if fp.ascii!=nil {tot+=fp.ascii.Size()}; if fp.wide!=nil {tot+=fp.wide.Size()} } } }
	fmt.Println("buckets",len(p.routes.same),"keys",len(p.routes.buckets),"plans",np,"bytes",tot)
}
func TestDbg2(t *testing.T){
	p, _ := Compile(loadActive(t).Rules, Options{Mapping: loadMapping(t)})
	ev:=NewEvent(p.Fields()); m:=p.NewMatcher()
	recs,_:=lane.Generate(lane.ProcessCreation,5000,1)
	cnt:=map[string]int{}; cands:=0; lazyc:=map[string]int{}
	for _,r:=range recs {
	ParseJSON(r,ev)
	b:=p.routes.bucket(p.routes.key(m,ev))
	m.Match(ev)
	cands+=len(m.cands)
	for _,c:=range m.cands { cnt[p.rules[b.members[c].rule].Title]++ }
	for i:=range b.preds { q:=&b.preds[i]; if q.index==indexNone||q.index==indexMaybe { if m.truth[i]==m.gen||m.falsity[i]==m.gen { k:=q.Predicate.String(); if q.Test==TestRegex { if q.index==indexMaybe && m.maybe[i]!=m.gen {continue}; k+=fmt.Sprintf(" %q min %d",q.needs.Literals,q.needs.MinLen) } ; lazyc[k]++ } } }
	}
	fmt.Println("cands/event",float64(cands)/5000)
	top:=func(m map[string]int){ for k,v:=range m { if v>150 {fmt.Println(v,k)} } }
	top(cnt); fmt.Println("--lazy"); top(lazyc)
}
