using System.Net.Http.Headers;
using System.Text;

namespace BillingJob;

/// <summary>The one request of this job: an invoice for the API.</summary>
internal sealed class InvoiceRequest(Home home)
{
    private const string Invoice = """{"customer":"Ada","amount":120}""";

    public HttpRequestMessage Message { get; } =
        new(HttpMethod.Post, home.Api + "/invoices")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Invoice)) { Headers = { ContentType = new("application/json") } },
        };

    /// <summary>Whether it goes out on a connection with the job's certificate.</summary>
    public bool PresentsCertificate { get; set; }

    /// <summary>Prints the answer. 0 where the API did it, else 1.</summary>
    public async Task<int> SendAsync(Connections connections)
    {
        using var answer = await (PresentsCertificate ? connections.WithCertificate : connections.Plain).SendAsync(Message);
        Console.WriteLine($"HTTP/{answer.Version} {(int)answer.StatusCode} {answer.ReasonPhrase}");
        foreach (var challenge in answer.Headers.NonValidated.Where(header => header.Key == "WWW-Authenticate"))
        {
            Console.WriteLine($"{challenge.Key}: {challenge.Value}");
        }

        Console.WriteLine(await answer.Content.ReadAsStringAsync());
        return answer.IsSuccessStatusCode ? 0 : 1;
    }

    /// <summary>The request as it would go out, to be sent by anybody as often as they like.</summary>
    public string ToCurl(Home home)
    {
        var line = new StringBuilder("curl -i -sS");
        Option("cacert", home.PathOf("trust.pem"));
        if (PresentsCertificate)
        {
            Option("cert", home.PathOf(KeyMaker.TlsCertificate));
            Option("key", home.PathOf(KeyMaker.TlsKey));
        }

        foreach (var header in Headers(Message.Headers).Concat(Headers(Message.Content!.Headers)))
        {
            Option("header", header);
        }

        Option("data-binary", Invoice);
        return line.Append(' ').Append(Message.RequestUri).ToString();

        void Option(string name, string value) => line.Append($" --{name} '{value.Replace("'", @"'\''", StringComparison.Ordinal)}'");

        static IEnumerable<string> Headers(HttpHeaders headers) => headers.NonValidated.Select(header => $"{header.Key}: {header.Value}");
    }
}
