// The billing job: sends one invoice to the API, let in by the rung that is named.
//   billing-job RUNG           api-key signed secret private-key dpop mtls federated, or auto: the best there is
//   billing-job RUNG --curl    prints the request instead, as somebody who captured it would send it
//   billing-job RUNG --token   prints the access token alone, as somebody who stole it would have it
//   billing-job keys           makes the job's own keys
using BillingJob;
using BillingJob.Rungs;

try
{
    var home = Home.Open();
    if (args is ["keys"])
    {
        KeyMaker.Make(home);
        return 0;
    }

    using var connections = new Connections(home);
    var request = new InvoiceRequest(home);
    switch (args)
    {
        case [var name]:
            await LetIn(name);
            return await request.SendAsync(connections);
        case [var name, "--curl"]:
            await LetIn(name);
            Console.WriteLine(request.ToCurl(home));
            return 0;
        case [var name, "--token"]:
            await LetIn(name);
            Console.WriteLine(request.Message.Headers.Authorization?.Parameter ?? throw new Refusal($"{name} has no access token."));
            return 0;
        default:
            throw new Refusal($"usage: billing-job keys | {string.Join(" | ", Ladder.Names)} | auto [--curl | --token]");
    }

    async Task LetIn(string name)
    {
        var ladder = new Ladder(home, connections, await ServerMetadata.FetchAsync(home, connections));
        var rung = name == "auto" ? await ladder.ClimbAsync(request.Message) : await ladder.TakeAsync(name, request.Message);
        request.PresentsCertificate = rung.PresentsCertificate;
    }
}
catch (Exception e) when (e is Refusal or HttpRequestException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
