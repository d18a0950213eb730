// Package guidatest keeps the authors' guide (docs/guida-autori.md) true.
//
// Every fenced block of the guide that carries an attribute is done here, as a reader would do
// it, on a copy of the folder of rules: files are created and edited, the edition is loaded, and
// the answers and the messages of the check must be those that the guide prints. Each heading
// starts from the folder as it is.
//
//	yaml file=F op=quote             F holds these lines
//	yaml file=F op=create            F is new and holds this
//	yaml file=F op=append            this goes to the end of F
//	yaml file=F op=version id=ID     this goes on top of the versions of ID
//	yaml file=F op=after line=TEXT   this goes below the line that has TEXT (first=true: the first such line)
//	yaml file=F op=copy-version      the only version of F is doubled, and this replaces the head of the upper one
//	yaml file=F op=find              these lines are in F once; the next block, op=replace, takes their place
//	console publish=NAME on=DAY      the folder is published
//	json facts=NAME                  a case
//	yaml expect=NAME when=before     what a case expects, in the language of the cases beside the rules (or when=after)
//	text check                       what the check says at that point
//	console run                      commands, each after a $, with what they print; … is anything.
//	                                 They see the folder as rules and the folder as shipped as prima
//
// Tables under the headings on conditions are compiled and evaluated too.
package guidatest
