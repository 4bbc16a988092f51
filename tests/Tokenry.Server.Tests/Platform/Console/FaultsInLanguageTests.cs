using System.Net;
using System.Text.RegularExpressions;
using Tokenry.Server.Platform.Console;
using Tokenry.Server.Tests.Features.Organizations;

namespace Tokenry.Server.Tests.Platform.Console;

/// <summary>A form that was refused says why in the language of the page: beside the field, and on the sign-in pages above the form.</summary>
public sealed partial class FaultsInLanguageTests(SharedServers servers)
{
    private const string Administrator = "rol_0000000000000000000001";

    /// <summary>Page, action, fields, and the fault with its values.</summary>
    private static readonly (string Page, string Action, (string, string)[] Fields, string Fault, (string, object)[] Values)[] Forms =
    [
        ("account/tokens/new", "", [("name", " ")], "empty", []),
        ("account/tokens/new", "", [("name", new string('x', 201))], "too_long", [("n", 200)]),
        ("account/tokens/new", "", [("name", "a\u202eb")], "unreadable", []),
        ("account/tokens/new", "", [("name", "x"), ("expires", "date"), ("expires_on", "2000-01-01")], "past", []),
        ("account/tokens/new", "", [("name", "x"), ("networks", "here")], "not_network", [("value", "here")]),
        ("account/tokens/new", "", [("name", "x"), ("objects", "a")], "not_object_pattern", [("value", "a")]),
        ("account/tokens/new", "", [("name", "x"), ("scope", "urn:none x")], "not_api", [("value", "urn:none")]),
        ("account/tokens/new", "", [("name", "x"), ("scope", "{api} x")], "not_scope", [("value", "x"), ("api", "{api}")]),
        (
            "account/tokens/new",
            "",
            [("name", "x"), ("scope", "{api} read"), ("organization", "org_x")],
            "not_organization",
            [("value", "org_x")]
        ),
        ("account/roles/new", "", [("role", "rol_x@"), ("justification", "")], "needs_reason", []),
        ("account/roles/new", "", [("role", "rol_x@"), ("justification", "work")], "not_askable_role", [("value", "rol_x")]),
        ("account/roles/new", "", [("role", "rol_x@org_x"), ("justification", "work")], "not_askable_organization", []),
        ("apis/new", "", [("name", "x"), ("identifier", "x"), ("scopes", "read")], "not_identifier", []),
        ("apis/new", "", [("name", "x"), ("identifier", "urn:tokenry:x"), ("scopes", "read")], "reserved", [("value", "urn:tokenry:")]),
        ("apis/new", "", [("name", "x"), ("identifier", "urn:x"), ("scopes", "a\"b")], "not_scope_name", [("value", "a\"b")]),
        ("roles/new", "", [("name", "")], "empty", []),
        ("roles/new", "", [("name", "administrator")], "builtin_name", []),
        ("applications", "", [("name", "")], "empty", []),
        ("users/{user}", "/roles", [("role", "rol_x")], "not_role", [("value", "rol_x")]),
        (
            "users/{user}",
            "/roles",
            [("role", OrganizationCalls.OrganizationAdministrator)],
            "role_of_organization",
            [("value", OrganizationCalls.OrganizationAdministrator)]
        ),
        ("users/{user}/object-roles", "", [("role", "rol_x"), ("objects", "base:a")], "not_role", [("value", "rol_x")]),
        ("users/{user}/object-roles", "", [("role", "rol_x"), ("objects", "a")], "not_object_pattern", [("value", "a")]),
        ("users/{user}/object-roles", "", [("role", "rol_x")], "objects_count", [("n", 100)]),
        (
            "users/{user}/object-roles",
            "",
            [("role", "{role}"), ("objects", "other:a")],
            "not_object_type",
            [("value", "other:a"), ("type", "other")]
        ),
        ("organizations", "", [("name", "")], "empty", []),
        ("organizations/{organization}", "/members", [("member", "x")], "not_member", []),
        (
            "organizations/{organization}",
            "/members",
            [("member", "{user}"), ("role", Administrator)],
            "role_of_server",
            [("value", Administrator)]
        ),
        ("organizations/{organization}", "/rename", [("name", "")], "empty", []),
        ("organizations/{organization}", "/delete", [("confirm", "x")], "must_be", [("value", "{name}")]),
        ("organizations/{organization}", "/invitations", [("email", "x"), ("days", "7")], "not_email", [("n", 254)]),
        ("organizations/{organization}/policy/edit", "", [("life_api_key", "soon")], "not_length", []),
        ("organizations/{organization}/policy/edit", "", [("life_api_key", "1s")], "life_between", [("least", "1m"), ("most", "3650d")]),
        ("organizations/{organization}/policy/edit", "", [("tokens", "x")], "not_number", []),
        ("organizations/{organization}/policy/edit", "", [("tokens", "0")], "between", [("least", 1), ("most", 100000)]),
        ("organizations/{organization}/policy/edit", "", [("networks", "here")], "not_network", [("value", "here")]),
    ];

    [Theory, BothEngines]
    public async Task A_form_says_beside_its_field_what_is_wrong(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var person = await admin.CreateUserAsync([Administrator]);
        var user = await admin.CreateUserAsync([]);
        var api = await admin.CreateApiAsync(["read"], new { object_types = new[] { "base" } });
        var role = await admin.CreateRoleAsync([new { api = api.Identifier, scopes = new[] { "read" } }]);
        var organization = await admin.OrganizationAsync();
        await admin.JoinAsync(organization, person.Id, OrganizationCalls.OrganizationMember).Expect(200);
        var browser = await admin.BrowserOfAsync(person.Id);
        var name = (await admin.GetAsync($"/v1/organizations/{organization}").Expect(200)).Text("name");
        await browser.SendAsync("overview", "appearance", ("language", "nl")).Expect(303);
        string Filled(string text) =>
            text.Replace("{user}", user.Id, StringComparison.Ordinal)
                .Replace("{api}", api.Identifier, StringComparison.Ordinal)
                .Replace("{role}", role.Id, StringComparison.Ordinal)
                .Replace("{organization}", organization, StringComparison.Ordinal)
                .Replace("{name}", name, StringComparison.Ordinal);
        var wrong = new List<string>();
        foreach (var (page, action, fields, fault, values) in Forms)
        {
            var refused = await browser.SendAsync(
                Filled(page),
                Filled(page + action),
                [.. fields.Select(field => (field.Item1, Filled(field.Item2)))]
            );
            var said = string.Join('\n', Faults(refused.Body));
            var expected = Languages.Named("nl")[
                $"fault.{fault}",
                [.. values.Select(value => (value.Item1, value.Item2 is string text ? Filled(text) : value.Item2))]
            ];
            if (
                refused.Status is not (400 or 422)
                || !said.Contains(expected, StringComparison.Ordinal)
                || said.Contains("lang=\"en\"", StringComparison.Ordinal)
            )
                wrong.Add($"{page}{action} {fault}: {refused.Status} '{said}' instead of '{expected}'");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory, BothEngines]
    public async Task A_sign_in_page_says_what_is_wrong_in_each_language(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        foreach (var (tag, _) in Languages.All)
        {
            var texts = Languages.Named(tag);
            var headers = new Dictionary<string, string> { ["Accept-Language"] = tag };
            var link = await admin.SignInLinkAsync(user.Id);
            var browser = new Browser(admin.Address);
            async Task SaysAsync(string page, string action, string expected, params (string, string)[] fields)
            {
                var said = string.Join('\n', Faults((await browser.SubmitAsync(page, action, fields, headers)).Expect(422).Body));
                Assert.Contains(expected, said, StringComparison.Ordinal);
                Assert.DoesNotContain("lang=\"en\"", said, StringComparison.Ordinal);
            }

            await SaysAsync("/sign-in", "/sign-in", texts["sign_in_fault.password"], ("name", user.Email), ("password", "x"));
            await SaysAsync(link, "/sign-in/link", texts["sign_in_fault.not_the_same"], ("password", "x"), ("again", "y"));
            var shorter = texts["sign_in_fault.new_password", ("faults", texts["fault.password_short", ("n", 15)])];
            await SaysAsync(link, "/sign-in/link", shorter, ("password", "moss kettle"), ("again", "moss kettle"));
            foreach (var (flag, key) in new[] { ("ended", "session_ended"), ("again", "start_again") })
            {
                var shown = (await browser.GetAsync($"/sign-in?{flag}=true", headers)).Expect(200).Body;
                Assert.Contains(texts[$"sign_in_fault.{key}"], WebUtility.HtmlDecode(shown), StringComparison.Ordinal);
            }
        }
    }

    private static IEnumerable<string> Faults(string page) =>
        Fault().Matches(page).Select(match => Space().Replace(WebUtility.HtmlDecode(match.Groups["words"].Value), " "));

    [GeneratedRegex(
        @"<p class=""fault[^>]*>(?<words>.*?)</p>",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex Fault();

    [GeneratedRegex(@"\s+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Space();
}
