/* completion_scripts: what a shell needs to ask us.
 *
 * bash: the line is read by white space, since bash's own words are broken at ':' and '=', which addresses and
 * --option=value hold; of a candidate it wants only what comes behind the last such break, and that is what it gets.
 */
#include "orchestrator/cli/manual/manual.h"

static const char bash_script[] =
        "# bash completion for orchestrator; printed by `orchestrator completion bash`\n"
        "# shellcheck shell=bash\n"
        "\n"
        "_orchestrator() {\n"
        "\tlocal -a line\n"
        "\tread -ra line <<<\"${COMP_LINE:0:COMP_POINT}\"\n"
        "\t[[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || line+=(\"\")\n"
        "\tmapfile -t COMPREPLY < <(\"${line[0]/#\\~/$HOME}\" --complete \"${line[@]:1}\" 2>/dev/null)\n"
        "\tCOMPREPLY=(\"${COMPREPLY[@]%%$'\\t'*}\")\n"
        "\tif [ \"${COMPREPLY[0]-}\" = :files ]; then\n"
        "\t\tcompopt -o filenames 2>/dev/null\n"
        "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"${2#=}\")\n"
        "\tfi\n"
        "}\n"
        "\n"
        "complete -F _orchestrator orchestrator\n";

static const char zsh_script[] =
        "#compdef orchestrator\n"
        "# zsh completion for orchestrator; printed by `orchestrator completion zsh`\n"
        "\n"
        "_orchestrator() {\n"
        "\tlocal -a lines found\n"
        "\tlocal line name\n"
        "\tlines=(\"${(@f)$(${~words[1]} --complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
        "\tcompset -P '--*='\n"
        "\tif [[ ${lines[1]} == :files ]]; then\n"
        "\t\t_files\n"
        "\t\treturn\n"
        "\tfi\n"
        "\tfor line in ${lines}; do\n" /* without quotes: no empty ones */
        "\t\tname=${${line%%$'\\t'*}//:/\\\\:}\n"
        "\t\t[[ ${line} != *$'\\t'* ]] || name+=:${line#*$'\\t'}\n"
        "\t\tfound+=(\"${name}\")\n"
        "\tdone\n"
        "\t_describe orchestrator found\n"
        "}\n"
        "\n"
        "if [[ ${funcstack[1]} == _orchestrator ]]; then\n"
        "\t_orchestrator \"$@\"\n"
        "else\n"
        "\tcompdef _orchestrator orchestrator\n"
        "fi\n";

void manual_bash_completion(FILE *to)
{
	fputs(bash_script, to);
}

void manual_zsh_completion(FILE *to)
{
	fputs(zsh_script, to);
}
