#!/usr/bin/env bash
# Makes a stack of a table, a bucket and a secret that are there: those that a deleted stack has left, or copies of them in
# another region or account. `make deploy` then adds all the rest to it, and changes nothing in them.
set -euo pipefail

[ $# -eq 4 ] || { echo "usage: infra/adopt.sh STACK TABLE BUCKET SECRET_ARN" >&2; exit 2; }
stack=$1 table=$2 bucket=$3 secret=$4

aws cloudformation create-change-set --stack-name "$stack" --change-set-name adopt --change-set-type IMPORT \
  --template-body "file://$(dirname "$0")/adopt.yaml" --resources-to-import "[
    {\"ResourceType\": \"AWS::DynamoDB::Table\", \"LogicalResourceId\": \"Table\", \"ResourceIdentifier\": {\"TableName\": \"$table\"}},
    {\"ResourceType\": \"AWS::S3::Bucket\", \"LogicalResourceId\": \"Bucket\", \"ResourceIdentifier\": {\"BucketName\": \"$bucket\"}},
    {\"ResourceType\": \"AWS::SecretsManager::Secret\", \"LogicalResourceId\": \"FleetKeys\", \"ResourceIdentifier\": {\"Id\": \"$secret\"}}
  ]"
aws cloudformation wait change-set-create-complete --stack-name "$stack" --change-set-name adopt
aws cloudformation execute-change-set --stack-name "$stack" --change-set-name adopt
aws cloudformation wait stack-import-complete --stack-name "$stack"
echo "$stack has its data. Now deploy: make deploy ENV=..."
