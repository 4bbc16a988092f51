# start_nginx SITE: nginx with one site, in a folder of its own; git/run uses it too. Needs lib.sh.
start_nginx() {
  local folder=$work/nginx as_user=
  mkdir -p "$folder/temp"
  cp "$examples/nginx/nginx.conf" "$examples"/nginx/tokenry-*.conf "$folder"
  configure "$1" >"$folder/site.conf"
  [ "$(id -u)" != 0 ] || as_user=" user www-data;"
  start nginx nginx -p "$folder" -c "$folder/nginx.conf" -e "$folder/error.log" -g "daemon off;$as_user"
  ready nginx "$proxy/"
}
