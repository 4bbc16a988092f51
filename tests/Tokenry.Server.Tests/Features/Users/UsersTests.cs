using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Features.Users;

public sealed class UsersTests(SharedServers servers)
{
    [Theory, BothEngines]
    public async Task A_user_is_made_shown_revised_and_deleted(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var role = await admin.CreateRoleAsync([]);
        var email = $"{CreateRequests.Unique("ada")}@example.com";
        var created = await admin
            .PostAsync(
                "/v1/users",
                new
                {
                    email = email.ToUpperInvariant(),
                    name = " Ada Lovelace ",
                    roles = new[] { role.Id, role.Id },
                }
            )
            .Expect(201);
        var path = created.Header("Location")!;
        Assert.Equal($"/v1/users/{created.Text("id")}", path);
        AssertJson(
            $$"""
            {"id":"{{created.Text("id")}}","email":"{{email}}","name":"Ada Lovelace","roles":["{{role.Id}}"],"enabled":true,
             "second_factor":false,"passkeys":0,"created_at":"{{created.Text("created_at")}}"}
            """,
            created.Json
        );
        Assert.Equal(created.Body, (await admin.GetAsync(path).Expect(200)).Body);

        var renamed = await admin.PatchAsync(path, new { name = "Ada" }).Expect(200);
        Assert.Equal(created.Body.Replace("Ada Lovelace", "Ada", StringComparison.Ordinal), renamed.Body);
        var cleared = await admin.PatchAsync(path, """{"roles":null}""").Expect(200);
        AssertJson("[]", cleared.Json.GetProperty("roles"));
        Assert.Equal("Ada", cleared.Text("name"));
        await admin.PatchAsync(path, """{"email":null}""").ExpectFaultAsync("email");
        Assert.Equal(cleared.Body, (await admin.GetAsync(path).Expect(200)).Body);

        Assert.False((await admin.PostAsync(path + "/disable").Expect(200)).Json.GetProperty("enabled").GetBoolean());
        Assert.False((await admin.PostAsync(path + "/disable").Expect(200)).Json.GetProperty("enabled").GetBoolean());
        Assert.Equal(cleared.Body, (await admin.PostAsync(path + "/enable").Expect(200)).Body);

        await admin.DeleteAsync(path + "?reason=left").Expect(204);
        await admin.DeleteAsync(path).Expect(204);
        await admin.GetAsync(path).Expect(404, "not_found");
        await admin.PatchAsync(path, new { name = "Ada" }).Expect(404, "not_found");
        await admin.PostAsync(path + "/enable").Expect(404, "not_found");
        await admin.PostAsync(path + "/tokens", new { name = "late" }).Expect(404, "not_found");
        await admin.PostAsync("/v1/users", new { email }).Expect(201); // free again
    }

    [Theory, BothEngines]
    public async Task Without_a_name_the_email_is_the_name(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var email = $"{CreateRequests.Unique("x")}@example.com";
        Assert.Equal(email, (await admin.PostAsync("/v1/users", new { email }).Expect(201)).Text("name"));
    }

    [Theory, BothEngines]
    public async Task An_email_is_taken_once_whatever_its_case(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.PersonAsync();
        var other = await admin.PersonAsync();
        await admin.PostAsync("/v1/users", new { email = user.Email }).Expect(409, "already_exists");
        await admin.PostAsync("/v1/users", new { email = user.Email.ToUpperInvariant() }).Expect(409, "already_exists");
        await admin.PatchAsync($"/v1/users/{other.Id}", new { email = user.Email.ToUpperInvariant() }).Expect(409, "already_exists");
        Assert.Equal(other.Response.Body, (await admin.GetAsync($"/v1/users/{other.Id}").Expect(200)).Body);
    }

    [Theory, BothEngines]
    public async Task A_user_is_found_by_email_and_the_password_is_never_shown(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.CreateUserAsync([]);
        Assert.DoesNotContain("password", user.Response.Body, StringComparison.Ordinal);
        var found = await admin.GetAsync($"/v1/users?email={Uri.EscapeDataString(user.Email.ToUpperInvariant())}").Expect(200);
        AssertJson($$"""{"items":[{{user.Response.Body}}],"next_cursor":null}""", found.Json);
        // Cleared: a user who signs in by other means.
        Assert.Equal(user.Response.Body, (await admin.PatchAsync($"/v1/users/{user.Id}", """{"password":null}""").Expect(200)).Body);
    }

    [Theory]
    [BothEngines("")]
    [BothEngines("   ")]
    [BothEngines("ünicode@example.com")]
    [BothEngines("аdmin@example.com")] // Cyrillic а
    [BothEngines("ADMİN@example.com")] // dotted capital I
    [BothEngines("\u212Aelvin@example.com")] // the Kelvin sign, whose lower case is an ASCII k
    [BothEngines("a\u200Bb@example.com")]
    [BothEngines("a b@example.com")]
    [BothEngines("a\r\n@example.com")]
    [BothEngines("<a@example.com>")]
    [BothEngines("a@example.com\u0000")]
    [BothEngines("ａ@example.com")] // full width
    public async Task An_email_is_plain_ASCII(Engine engine, string email)
    {
        var admin = await servers.AdminAsync(engine);
        await admin.PostAsync("/v1/users", new { email }).ExpectFaultAsync("email");
        var user = await admin.PersonAsync();
        await admin.PatchAsync($"/v1/users/{user.Id}", new { email }).ExpectFaultAsync("email");
    }

    /// <summary>B.6: addresses as RFC 5321 §4.1.2 has them.</summary>
    [Theory]
    [BothEngines("{0}@example.com", true)]
    [BothEngines("{0}@localhost", true)]
    [BothEngines("{0}.o'brien+tag@sub.example-site.com", true)]
    [BothEngines("{0}!#$%&'*+-/=?^_`{{|}}~@example.com", true)]
    [BothEngines("{0}@EXAMPLE.com", true)]
    [BothEngines("{0}", false)]
    [BothEngines("@{0}.example.com", false)]
    [BothEngines("{0}@", false)]
    [BothEngines("{0}@b@example.com", false)]
    [BothEngines("{0}.@example.com", false)]
    [BothEngines(".{0}@example.com", false)]
    [BothEngines("{0}..a@example.com", false)]
    [BothEngines("\"{0}\"@example.com", false)] // quoted: no two programs compare them alike
    [BothEngines("{0}@[127.0.0.1]", false)]
    [BothEngines("{0}@example..com", false)]
    [BothEngines("{0}@.example.com", false)]
    [BothEngines("{0}@example.com.", false)]
    [BothEngines("{0}@-example.com", false)]
    [BothEngines("{0}@example-.com", false)]
    [BothEngines("{0}@exa_mple.com", false)]
    [BothEngines("{0}(comment)@example.com", false)]
    [BothEngines("a,{0}@example.com", false)]
    public async Task B6_an_email_has_one_at_and_a_domain(Engine engine, string format, bool isTaken)
    {
        var admin = await servers.AdminAsync(engine);
        var email = string.Format(format, CreateRequests.Unique("mail"));
        if (isTaken)
            Assert.Equal(email.ToLowerInvariant(), (await admin.PostAsync("/v1/users", new { email }).Expect(201)).Text("email"));
        else
            await admin.PostAsync("/v1/users", new { email, name = "x" }).ExpectFaultAsync("email");
    }

    [Theory, BothEngines]
    public async Task B6_an_email_has_at_most_64_characters_and_254_in_all(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var local = CreateRequests.Unique("long").PadRight(64, 'x');
        var domain = string.Join('.', Enumerable.Repeat(new string('d', 62), 3));
        Assert.Equal(253, $"{local}@{domain}".Length);
        await admin.PostAsync("/v1/users", new { email = $"{local}@{domain}dd", name = "x" }).ExpectFaultAsync("email");
        await admin.PostAsync("/v1/users", new { email = $"{local}@{domain}d", name = "x" }).Expect(201);
        await admin.PostAsync("/v1/users", new { email = $"x{local}@example.com", name = "x" }).ExpectFaultAsync("email");
    }

    /// <summary>B.6: joiners as RFC 5892 A.1 and A.2 allow, and in emoji; nothing that hides or reorders.</summary>
    [Theory]
    [InlineData("می\u200Cخواهم", true)] // Persian
    [InlineData("علی\u200Cرضا", true)]
    [InlineData("کتاب\u200Cها", true)]
    [InlineData("क्\u200Dष", true)] // Devanagari, after a virama
    [InlineData("राष्\u200Cट्र", true)]
    [InlineData("ශ්\u200Dරී", true)] // Sinhala
    [InlineData("👨\u200D👩\u200D👧", true)]
    [InlineData("👩🏽\u200D💻", true)] // with a skin
    [InlineData("🏳\uFE0F\u200D🌈", true)]
    [InlineData("🙂\u200D↔\uFE0F", true)]
    [InlineData("a\u200Cb", false)]
    [InlineData("a\u200Db", false)]
    [InlineData("\u200Cخواهم", false)]
    [InlineData("م\u200C", false)]
    [InlineData("د\u200Cم", false)] // a letter that never joins to the next
    [InlineData("م\u200Dم", false)]
    [InlineData("👨\u200D\u200D👩", false)]
    [InlineData("👨\u200Da", false)]
    [InlineData("\u200D👨", false)]
    [InlineData("क्\u200C\u200Cष", false)]
    [InlineData("a\u202Eb", false)] // bidi
    [InlineData("a\u2066b", false)]
    [InlineData("a\u200Fb", false)]
    [InlineData("a\u200Bb", false)]
    [InlineData("a\uFEFFb", false)]
    [InlineData("a\u00ADb", false)]
    [InlineData("a\U000E0041b", false)] // invisible letters
    public async Task B6_names_of_people(string name, bool isTaken)
    {
        var admin = await servers.AdminAsync(Engine.Sqlite);
        var user = await admin.PersonAsync();
        var patched = await admin.PatchAsync($"/v1/users/{user.Id}", new { name });
        if (isTaken)
            Assert.Equal(name, patched.Expect(200).Text("name"));
        else
            await Task.FromResult(patched).ExpectFaultAsync("name");
    }

    [Theory, BothEngines]
    public async Task A12_a_token_sets_no_password(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.PersonAsync();
        foreach (var password in new[] { "", "correct horse battery staple", new string('x', 1024) })
        {
            var revised = await admin.PatchAsync($"/v1/users/{user.Id}", new { password }).ExpectFaultAsync("password");
            Assert.Contains("make a personal access token", revised.Body, StringComparison.Ordinal);
            Assert.True(password.Length == 0 || !revised.Body.Contains(password, StringComparison.Ordinal));
            await admin
                .PostAsync("/v1/users", new { email = $"{CreateRequests.Unique("p")}@example.com", password })
                .ExpectFaultAsync("password");
        }
        await admin
            .PostAsync("/v1/users", new { email = $"{CreateRequests.Unique("p")}@example.com", password = (string?)null })
            .Expect(201);
    }

    [Theory, BothEngines]
    public async Task A12_who_writes_users_makes_them_only_with_what_they_could_assign(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var manager = await admin.CallerAsync("users:write", "users:read");
        var stronger = await admin.CreateRoleAsync([At(Management, "users:write", "audit:read")]);
        foreach (var role in new[] { Administrator, stronger.Id })
        {
            await manager
                .Client.PostAsync("/v1/users", new { email = $"{CreateRequests.Unique("x")}@example.com", roles = new[] { role } })
                .Expect(403, "exceeds_own_rights");
        }
        var reader = await admin.CreateRoleAsync([At(Management, "users:read")]);
        var made = await manager
            .Client.PostAsync("/v1/users", new { email = $"{CreateRequests.Unique("x")}@example.com", roles = new[] { reader.Id } })
            .Expect(201);
        await manager
            .Client.PatchAsync($"/v1/users/{made.Text("id")}", new { roles = new[] { stronger.Id } })
            .Expect(403, "exceeds_own_rights");
    }

    [Theory, BothEngines]
    public async Task A12_who_writes_users_or_roles_gives_themselves_no_right_at_an_API(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Api("a", "b").Role("a").CreateAsync();
        var own = await admin.CreateRoleAsync([At(Management, "users:write", "roles:write")]);
        var manager = await admin.PersonWithTokenAsync([own.Id], At(Management, "users:write", "roles:write"));
        var self = $"/v1/users/{manager.Id}";
        await manager.Client.PatchAsync(self, new { roles = new[] { own.Id, made.Role.Id } }).Expect(403, "exceeds_own_rights");
        await manager
            .Client.PatchAsync(
                $"/v1/roles/{own.Id}",
                new { permissions = new[] { At(Management, "users:write", "roles:write"), At(made.Api.Identifier, "b") } }
            )
            .Expect(403, "exceeds_own_rights");
        await manager.Client.PatchAsync(self, new { roles = new[] { own.Id } }).Expect(200);
        // To another they may: it opens nothing to them.
        var other = await admin.PersonAsync();
        await manager.Client.PatchAsync($"/v1/users/{other.Id}", new { roles = new[] { made.Role.Id } }).Expect(200);
        // Who makes credentials for anybody has the right through any of them.
        var all = await admin.PersonWithTokenAsync([Administrator], At(Management, "users:write", "credentials:write"));
        await admin.PatchAsync($"/v1/users/{all.Id}", new { roles = new[] { Administrator, made.Role.Id } }).Expect(200);
    }

    [Theory]
    [BothEngines("email", "null")]
    [BothEngines("email", "5")]
    [BothEngines("name", "\"\"")]
    [BothEngines("name", "\"a\\u2028b\"")]
    [BothEngines("name", "\"a\\u001bb\"")]
    [BothEngines("name", "{}")]
    [BothEngines("password", "12345678901234")]
    [BothEngines("roles", "[\"rol_9999999999999999999999\"]")]
    [BothEngines("roles", "[\"administrator\"]")]
    [BothEngines("roles", "[\"a\\u0000\"]")]
    [BothEngines("roles", "[null]")]
    [BothEngines("roles", "\"rol_0000000000000000000001\"")]
    [BothEngines("isAdmin", "true")]
    [BothEngines("enabled", "true")]
    [BothEngines("password_hash", "\"x\"")]
    [BothEngines("id", "\"usr_0000000000000000000001\"")]
    public async Task A_member_that_does_not_fit_is_named(Engine engine, string member, string value)
    {
        var admin = await servers.AdminAsync(engine);
        var email = member == "email" ? "" : $"\"email\":\"{CreateRequests.Unique("fault")}@example.com\",";
        await admin.PostAsync("/v1/users", $"{{{email}\"{member}\":{value}}}").ExpectFaultAsync(member);
        var user = await admin.PersonAsync();
        await admin.PatchAsync($"/v1/users/{user.Id}", $"{{\"{member}\":{value}}}").ExpectFaultAsync(member);
        Assert.Equal(user.Response.Body, (await admin.GetAsync($"/v1/users/{user.Id}").Expect(200)).Body);
    }

    [Theory, BothEngines]
    public async Task A_list_of_users_holds_no_applications(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        await admin.CreateApplicationAsync([]);
        await admin.PersonAsync();
        var users = await admin.GetAsync("/v1/users?limit=200").Expect(200);
        Assert.All(
            users.Json.GetProperty("items").EnumerateArray(),
            user => Assert.StartsWith("usr_", user.GetProperty("id").GetString()!, StringComparison.Ordinal)
        );
        var application = await admin.CreateApplicationAsync([]);
        await admin.GetAsync($"/v1/users/{application.Id}").Expect(404, "not_found");
        await admin.DeleteAsync($"/v1/users/{application.Id}").Expect(404, "not_found");
    }

    [Theory]
    [BothEngines("?reason=a%0D%0Ab")]
    [BothEngines("?reason=%E2%80%AE")]
    public async Task A_reason_is_clean_text(Engine engine, string query)
    {
        var admin = await servers.AdminAsync(engine);
        var user = await admin.PersonAsync();
        await admin.DeleteAsync($"/v1/users/{user.Id}{query}").ExpectFaultAsync("reason");
        await admin.GetAsync($"/v1/users/{user.Id}").Expect(200);
    }
}
