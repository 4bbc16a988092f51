namespace Tokenry.Testing;

/// <summary>How tests set up and use passkeys: the posts that the script of the page makes.</summary>
public static class Passkeys
{
    /// <summary>The address at which a server of the tests offers passkeys: they need a host name.</summary>
    public static string Named(string address) => address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    /// <summary>The same client at that address.</summary>
    public static ApiClient AtName(this ApiClient client) => client.At(Named(client.Address));

    /// <summary>Fetches what the browser needs for a form of a page.</summary>
    public static async Task<PasskeyForm> BeginPasskeyAsync(this Browser browser, string page, string action)
    {
        var fields = (await browser.HiddenAsync(page, action)).Where(field => field.Name is not ("challenge" or "credential")).ToList();
        var begun = (await browser.PostAsync(action + "/options", fields)).Expect(200);
        return new PasskeyForm(action, fields, begun);
    }

    /// <summary>Sends that form with the browser's answer.</summary>
    public static Task<ApiResponse> SendAsync(
        this Browser browser,
        PasskeyForm form,
        string credential,
        params (string Name, string Value)[] more
    ) => browser.PostAsync(form.Action, [.. form.Fields, ("challenge", form.Begun.Text("challenge")), ("credential", credential), .. more]);

    /// <summary>Adds a passkey of the person in this browser, who has just signed in.</summary>
    public static async Task<ApiResponse> AddPasskeyAsync(this Browser browser, PasskeyAuthenticator authenticator, string name = "laptop")
    {
        var form = await browser.BeginPasskeyAsync("/account/security", "/account/security/passkeys");
        return await browser.SendAsync(form, authenticator.Make(form.Options), ("name", name));
    }

    /// <summary>A person with a passkey, and the browser in which they set it up.</summary>
    public static async Task<(Browser Browser, PasskeyAuthenticator Authenticator)> WithPasskeyAsync(
        this ApiClient admin,
        string userId,
        uint counter = 1
    )
    {
        var browser = await admin.AtName().BrowserOfAsync(userId);
        var authenticator = new PasskeyAuthenticator(browser.Address) { Counter = counter };
        (await browser.AddPasskeyAsync(authenticator)).Expect(303);
        return (browser, authenticator);
    }

    /// <summary>Opens the sign-in page and uses a passkey there.</summary>
    public static async Task<ApiResponse> SignInAsync(this Browser browser, PasskeyAuthenticator authenticator, PasskeyTwist? twist = null)
    {
        var form = await browser.BeginPasskeyAsync("/sign-in", "/sign-in/passkey");
        return await browser.SendAsync(form, authenticator.Use(form.Options, twist));
    }

    /// <summary>Opens the page to confirm who one is and uses a passkey there.</summary>
    public static async Task<ApiResponse> ConfirmAsync(this Browser browser, PasskeyAuthenticator authenticator, PasskeyTwist? twist = null)
    {
        var form = await browser.BeginPasskeyAsync("/sign-in/confirm", "/sign-in/confirm/passkey");
        return await browser.SendAsync(form, authenticator.Use(form.Options, twist));
    }
}

/// <summary>A form that waits for the answer of an authenticator.</summary>
/// <param name="Action">Its action.</param>
/// <param name="Fields">Its hidden fields.</param>
/// <param name="Begun">What the server gives to the browser.</param>
public sealed record PasskeyForm(string Action, IReadOnlyList<(string Name, string Value)> Fields, ApiResponse Begun)
{
    public System.Text.Json.JsonElement Options => Begun.Json.GetProperty("options");
}
