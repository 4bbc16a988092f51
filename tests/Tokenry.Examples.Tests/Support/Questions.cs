namespace Tokenry.Examples.Tests.Support;

/// <summary>The requirements of the example configurations, as they ask Tokenry.</summary>
internal static class Questions
{
    public const string Api = "https://api.example.com";
    public const string Reports = "https://reports.example.com";
    public const string ReadOne = $"/v1/forward-auth?api={Api}&scope=invoices:read&object=invoice:1001";
    public const string ReadOther = $"/v1/forward-auth?api={Api}&scope=invoices:read&object=invoice:1002";
    public const string Write = $"/v1/forward-auth?api={Api}&scope=invoices:write";

    /// <summary>An API key of a new application with all scopes of the example's APIs, as <paramref name="with"/> narrows it.</summary>
    public static Task<CreatedCredential> ApiKeyAsync(this Example example, object? with = null) =>
        example.Admin.CreateApiKeyAsync(example["CLIENT_ID"], with);

    public static async Task<string> AccessTokenAsync(this Example example) =>
        (
            await example.Admin.FormAsync(
                "/oauth/token",
                [("grant_type", "client_credentials"), ("resource", Api)],
                (example["CLIENT_ID"], example["CLIENT_SECRET"])
            )
        )
            .Expect(200)
            .Text("access_token");

    public static string Basic(string password) =>
        "Authorization: Basic " + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("me:" + password));
}
