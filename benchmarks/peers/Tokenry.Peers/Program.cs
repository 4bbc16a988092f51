using Tokenry.Peers.JwtBearer;
using Tokenry.Peers.OpenIddict;

// As the Node.js peers beside it: listens on 127.0.0.1, says in one line of JSON what to ask of it, stops on SIGTERM.
switch (args)
{
    case ["openiddict", var port, .. var settings] when settings.All(setting => setting is "memory" or "tuned"):
        await OpenIddictPeer.RunAsync(
            $"http://127.0.0.1:{port}",
            new OpenIddictSettings(InMemory: settings.Contains("memory"), IsTuned: settings.Contains("tuned"))
        );
        return 0;
    case ["jwtbearer", var port]:
        await JwtBearerPeer.RunAsync($"http://127.0.0.1:{port}");
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: Tokenry.Peers openiddict PORT [memory] [tuned]\n       Tokenry.Peers jwtbearer PORT");
        return 2;
}
