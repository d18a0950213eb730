package modeltest
import ("testing";"os";"fmt")
func TestZZ(t *testing.T){ p:=os.Getenv("ZZ"); if p=="" {return}; b,_:=os.ReadFile(p); out,err:=decide(b); fmt.Println(string(out),err)}
