using Tokenry.Server.Core.Apis;
using Tokenry.Server.Platform.Console;

namespace Tokenry.Server.Tests.Core.Apis;

/// <summary>Every built-in role has a name and a description in every language of the pages; the roles of people stay as they were written.</summary>
public sealed class RoleTextsTests
{
    public static readonly TheoryData<string, string> EachInEach = new(
        Languages.All.SelectMany(language => ManagementApi.BuiltInRoles.Select(role => (language.Tag, role.Id)))
    );

    [Theory, MemberData(nameof(EachInEach))]
    public void A_built_in_role_has_its_texts(string tag, string id)
    {
        var (texts, role) = (Languages.Read(tag), ManagementApi.BuiltInRoles.Single(role => role.Id == id));
        Assert.Equal(texts[$"role_name.{role.Name}"], Languages.Named(tag).RoleName(id, "stored"));
        Assert.Equal(texts[$"role_does.{role.Name}"], Languages.Named(tag).RoleDescription(id, "stored"));
        Assert.Equal(texts[$"role_name.{role.Name}"], Languages.Named(tag).OrPlain(RoleTexts.TitleOf(id, "stored")));
        if (tag == Languages.Default)
            Assert.Equal(role.Description, texts[$"role_does.{role.Name}"]); // pages and API say the same
    }

    [Fact]
    public void There_are_texts_of_built_in_roles_only()
    {
        var names = ManagementApi.BuiltInRoles.Select(role => role.Name).Order(StringComparer.Ordinal).ToArray();
        foreach (var set in new[] { "role_name.", "role_does." })
        {
            var keys = Languages.Read("en").Keys.Where(key => key.StartsWith(set, StringComparison.Ordinal));
            Assert.Equal(names, keys.Select(key => key[set.Length..]).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Another_role_stays_as_it_was_written_even_under_the_name_of_a_built_in_one()
    {
        var texts = Languages.Named("nl");
        Assert.Equal("administrator", texts.RoleName("rol_02x5WlL3bRI7WJsw0Y1MYl", "administrator"));
        Assert.Equal("mine", texts.RoleDescription("rol_02x5WlL3bRI7WJsw0Y1MYl", "mine"));
        Assert.Null(texts.RoleDescription("rol_02x5WlL3bRI7WJsw0Y1MYl", null));
        Assert.Equal(
            "Beheerder, mine",
            texts.RoleNames([ManagementApi.Administrator.Id, "x"], new Dictionary<string, string> { ["x"] = "mine" })
        );
    }
}
