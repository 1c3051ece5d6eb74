<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en_US">
<context>
    <name>Counts</name>
    <message numerus="yes">
        <source>%Ln item(s)</source>
        <translation>
            <numerusform>%Ln item</numerusform>
            <numerusform>%Ln items</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln file(s)</source>
        <translation>
            <numerusform>%Ln file</numerusform>
            <numerusform>%Ln files</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln item(s) found</source>
        <translation>
            <numerusform>%Ln item found</numerusform>
            <numerusform>%Ln items found</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln item(s) in the trash</source>
        <translation>
            <numerusform>%Ln item in the trash</numerusform>
            <numerusform>%Ln items in the trash</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln photo(s)</source>
        <translation>
            <numerusform>%Ln photo</numerusform>
            <numerusform>%Ln photos</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln video(s)</source>
        <translation>
            <numerusform>%Ln video</numerusform>
            <numerusform>%Ln videos</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln minute(s)</source>
        <translation>
            <numerusform>%Ln minute</numerusform>
            <numerusform>%Ln minutes</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln hour(s)</source>
        <translation>
            <numerusform>%Ln hour</numerusform>
            <numerusform>%Ln hours</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln file(s) held no photo or video and were left alone.</source>
        <translation>
            <numerusform>%Ln file held no photo or video and was left alone.</numerusform>
            <numerusform>%Ln files held no photo or video and were left alone.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln was/were in the library already.</source>
        <translation>
            <numerusform>%Ln was in the library already.</numerusform>
            <numerusform>%Ln were in the library already.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln could not be imported.</source>
        <translation>
            <numerusform>%Ln could not be imported.</numerusform>
            <numerusform>%Ln could not be imported.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln was/were not begun.</source>
        <translation>
            <numerusform>%Ln was not begun.</numerusform>
            <numerusform>%Ln were not begun.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln item(s) of it is/are in the library and stay(s) there.</source>
        <translation>
            <numerusform>%Ln item of it is in the library and stays there.</numerusform>
            <numerusform>%Ln items of it are in the library and stay there.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln item(s) is/are deleted and cannot be shown any more.</source>
        <translation>
            <numerusform>%Ln item is deleted and cannot be shown any more.</numerusform>
            <numerusform>%Ln items are deleted and cannot be shown any more.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln original(s) kept.</source>
        <translation>
            <numerusform>%Ln original kept.</numerusform>
            <numerusform>%Ln originals kept.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln of them say(s) where it was taken.</source>
        <translation>
            <numerusform>%Ln of them says where it was taken.</numerusform>
            <numerusform>%Ln of them say where they were taken.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln place(s)</source>
        <translation>
            <numerusform>%Ln place</numerusform>
            <numerusform>%Ln places</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{first} and %Ln more</source>
        <translation>
            <numerusform>{first} and %Ln more</numerusform>
            <numerusform>{first} and %Ln more</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Save %Ln photo(s) outside the library</source>
        <translation>
            <numerusform>Save %Ln photo outside the library</numerusform>
            <numerusform>Save %Ln photos outside the library</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Save %Ln video(s) outside the library</source>
        <translation>
            <numerusform>Save %Ln video outside the library</numerusform>
            <numerusform>Save %Ln videos outside the library</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Save %Ln item(s) outside the library</source>
        <translation>
            <numerusform>Save %Ln item outside the library</numerusform>
            <numerusform>Save %Ln items outside the library</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Save %Ln photo(s)</source>
        <translation>
            <numerusform>Save %Ln photo</numerusform>
            <numerusform>Save %Ln photos</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Save %Ln video(s)</source>
        <translation>
            <numerusform>Save %Ln video</numerusform>
            <numerusform>Save %Ln videos</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Save %Ln item(s)</source>
        <translation>
            <numerusform>Save %Ln item</numerusform>
            <numerusform>Save %Ln items</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Save %Ln unchanged</source>
        <translation>
            <numerusform>Save %Ln unchanged</numerusform>
            <numerusform>Save %Ln unchanged</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln clean copy(s) go(es) to “{folder}”.</source>
        <translation>
            <numerusform>%Ln clean copy goes to “{folder}”.</numerusform>
            <numerusform>%Ln clean copies go to “{folder}”.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln unchanged file(s) go(es) to “{folder}”.</source>
        <translation>
            <numerusform>%Ln unchanged file goes to “{folder}”.</numerusform>
            <numerusform>%Ln unchanged files go to “{folder}”.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Of %Ln of these no clean copy can be made. It/They will be left out.</source>
        <translation>
            <numerusform>Of %Ln of these no clean copy can be made. It will be left out.</numerusform>
            <numerusform>Of %Ln of these no clean copy can be made. They will be left out.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln item(s) could not be copied cleanly</source>
        <translation>
            <numerusform>%Ln item could not be copied cleanly</numerusform>
            <numerusform>%Ln items could not be copied cleanly</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln item(s) could not be saved</source>
        <translation>
            <numerusform>%Ln item could not be saved</numerusform>
            <numerusform>%Ln items could not be saved</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message numerus="yes">
        <source>%Ln unusual</source>
        <translation>
            <numerusform>%Ln unusual</numerusform>
            <numerusform>%Ln unusual</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Starting</name>
    <message numerus="yes">
        <source>%Ln failed tries since it was made.</source>
        <translation>
            <numerusform>%Ln failed try since it was made.</numerusform>
            <numerusform>%Ln failed tries since it was made.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Last opened {when}; %Ln failed tries since.</source>
        <translation>
            <numerusform>Last opened {when}; %Ln failed try since.</numerusform>
            <numerusform>Last opened {when}; %Ln failed tries since.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>WordsPage</name>
    <message numerus="yes">
        <source>Write down your %Ln recovery word(s)</source>
        <translation>
            <numerusform>Write down your %Ln recovery word</numerusform>
            <numerusform>Write down your %Ln recovery words</numerusform>
        </translation>
    </message>
</context>
</TS>
