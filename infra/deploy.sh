#!/usr/bin/env bash
# Deploys an environment of samconfig.toml to AWS, with SAM CLI alone. What the caller gives (AWS_REGION, PARAMETERS,
# ARCHITECTURE) is written to samconfig.toml first, so that the next deployment keeps it.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -eq 1 ] || { echo "usage: [PARAMETERS='Name=value ...'] [ARCHITECTURE=arm64|x86_64] infra/deploy.sh ENV" >&2; exit 2; }
env=$1

fail() { echo "make deploy: $1" >&2; exit 1; }

need() { # program, how to get it
  command -v "$1" >/dev/null || fail "$1 is missing: $2"
}

setting() { # name: its value in samconfig.toml, or nothing
  awk -v env="$env" -v name="$1" '
    /^\[/ { here = index($0, "[" env ".") == 1 }
    here && $0 ~ "^" name "[ \t]*=" {
      if ($0 !~ /^[a-z0-9_]+[ \t]*=[ \t]*"/) {
        print "make deploy: " name " in samconfig.toml must be text in double quotes, on one line" >"/dev/stderr"
        exit 1
      }
      match($0, /"(\\.|[^"\\])*"/)
      print substr($0, RSTART + 1, RLENGTH - 2)
      exit
    }' samconfig.toml
}

keep() { # name, value: writes it to samconfig.toml, in its place or else below the stack's name
  local was
  was=$(setting "$1")
  [ "$was" != "$2" ] || return 0
  line="$1 = \"$2\"" awk -v env="$env" -v name="$1" '
    function is(key) { return here && $0 ~ "^" key "[ \t]*=" }
    FNR == 1 { here = 0 }
    /^\[/ { here = index($0, "[" env ".") == 1 }
    NR == FNR { if (is(name)) there = 1; next }
    is(name) { print ENVIRON["line"]; next }
    { print }
    !there && is("stack_name") { print ENVIRON["line"] }' samconfig.toml samconfig.toml >samconfig.toml.new
  mv samconfig.toml.new samconfig.toml
  echo "samconfig.toml now has $1 = \"$2\" for $env; commit it."
}

profile_region() { # the region of the profile in the AWS configuration file, or nothing
  local file=${AWS_CONFIG_FILE:-${HOME:-}/.aws/config} section="[profile ${AWS_PROFILE:-}]"
  case ${AWS_PROFILE:-default} in default) section="[default]" ;; esac
  [ ! -r "$file" ] || awk -v section="$section" '
    /^\[/ { here = $0 == section }
    here && /^region[ \t]*=/ { sub(/^[^=]*=[ \t]*/, ""); sub(/[ \t\r]*$/, ""); print; exit }' "$file"
}

declared() { # the names of the template's parameters
  awk '/^[A-Z]/ { here = $1 == "Parameters:" } here && /^  [A-Za-z0-9]+:/ { sub(/:.*/, ""); print $1 }' template.yaml
}

check() { # words such as Name=value, a line each
  local word names
  names=$(declared)
  while read -r word; do
    [[ $word =~ ^[A-Za-z0-9]+=[^[:space:]\"\'\\]*$ ]] || fail "parameters are given as Name=value, but not $word"
    [[ $'\n'$names$'\n' == *$'\n'${word%%=*}$'\n'* ]] || fail "template.yaml has no parameter ${word%%=*}"
  done
}

merged() { # words such as Name=value, a line each: of each name the last one, in one line as samconfig.toml has it
  awk -F= '
    !($1 in at) { at[$1] = ++n }
    { word[at[$1]] = $0 ~ /=$/ ? $0 "\\\"\\\"" : $0 }
    END { for (i = 1; i <= n; i++) printf "%s%s", (i > 1 ? " " : ""), word[i] }'
}

outputs() { # what SAM says of the stack, as JSON
  sam list stack-outputs --stack-name "$stack" --region "$region" --output json
}

# What is missing is said before anything is built or written.
need sam "install AWS SAM CLI, https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html"
need go "install Go, https://go.dev/doc/install"
[[ $env =~ ^[a-z0-9_-]+$ ]] || fail "ENV is a name such as dev or prod, but not $env"
stack=$(setting stack_name)
[ -n "$stack" ] || fail "samconfig.toml has no ENV=$env with a stack_name"
profile=$(setting profile)
[ -z "$profile" ] || export AWS_PROFILE=$profile

region=$(setting region)
region=${region:-${AWS_REGION:-${AWS_DEFAULT_REGION:-$(profile_region)}}}
[ -n "$region" ] || fail "there is no region: set one, such as AWS_REGION=eu-central-1"
[[ $region =~ ^[a-z]+(-[a-z]+)+-[0-9]+$ ]] || fail "a region is a name such as eu-central-1, but not $region"

old=$(setting parameter_overrides)
words=$(printf '%s\n' "Architecture=arm64 ${old//[\\\"]/}" "${PARAMETERS:-}" "${ARCHITECTURE:+Architecture=$ARCHITECTURE}" |
  tr -s '[:space:]' '\n' | sed '/^$/d')
check <<<"$words"
parameters=$(merged <<<"$words")
architecture=$(sed -n 's/^Architecture=//p' <<<"$words" | tail -n 1)
[[ $architecture =~ ^(arm64|x86_64)$ ]] || fail "ARCHITECTURE is arm64 or x86_64, but not $architecture"

# Asking for the outputs shows whether the credentials work, and whether there is a stack already.
first=
found=$(outputs 2>&1) || case $found in
*"does not exist on Cloudformation"*) first=yes ;;
*"Outputs do not exist"*) ;; # a stack that was adopted, or not made to its end
*redentials*) fail "there are no credentials for AWS: run aws configure or aws sso login, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" ;;
*) fail "AWS refuses to describe the stack $stack in $region; renew your credentials, or check the region's name: ${found##*$'\n'}" ;;
esac

# A new stack archives in batches. A stack that is there keeps its mode. Its delivery streams go only when they are drained.
archive() { sed -n 's/^Archive=//p' <<<"$1" | tail -n 1; }
[ -z "$first" ] || [ -n "$(archive "$words")" ] || parameters="$parameters Archive=firehose"
if [ -z "$first" ] && [ "$(archive "$(tr ' ' '\n' <<<"${old//[\\\"]/}")")" = firehose ] && [ "$(archive "$words")" = direct ]; then
  fail "events wait in the delivery streams: first deploy with PARAMETERS=Archive=draining, wait for an hour, and then deploy with Archive=direct"
fi

keep region "$region"
keep capabilities "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND" # the second one for nested templates
keep parameter_overrides "$parameters"

# SAM asks to confirm what changes in a stack that is there, where samconfig.toml wants that and somebody can answer.
quiet=--no-confirm-changeset
[ -n "$first" ] || [ ! -t 0 ] || quiet=
echo "Deploying $stack to $region."
sam build --config-env "$env" --parameter-overrides "Architecture=$architecture"
again="correct that, and run make deploy again"
# Only for a new stack: an upgrade that was rolled back must never be torn down.
[ -z "$first" ] || again="$again. Where the stack is in ROLLBACK_COMPLETE, first run make teardown ENV=$env"
sam deploy --config-env "$env" --region "$region" $quiet || fail "$stack was not deployed; the lines above say why: $again"

pbxctl="AWS_REGION=$region ${profile:+AWS_PROFILE=$profile }go run ./infra/pbxctl"
case " $parameters" in
*" AlarmTopicEmail="[!\\]* | *" AlarmTopicArn="[!\\]*)
  last="Upgrade it, whenever there is something new; its parameters are kept:
  git pull --rebase --autostash && make deploy ENV=$env" ;;
*)
  last="Subscribe to alarms, which reach nobody yet:
  make deploy ENV=$env PARAMETERS=AlarmTopicEmail=YOU@EXAMPLE.COM" ;;
esac
cat <<END

The stack $stack is in $region.
Check it:
  $pbxctl doctor check --stack $stack
Print the URL of a PBX, whose MAC is on its label:
  $pbxctl device url MAC --stack $stack
$last
END
